# Reference values for rejsens.describe, made once:  Rscript describe.R  (in this folder)
# Simulates describe.csv (nobody's answers), reads it back and writes describe.json.
suppressMessages(library(jsonlite))

set.seed(20260105)
n <- 211
trait <- rnorm(n)
sum21 <- pmin(21, pmax(0, round(5 + 4 * trait + rexp(n, 1 / 2))))          # skewed, with a floor
mean5 <- round(pmin(5, pmax(1, 3 + 0.8 * trait + rnorm(n))) * 8) / 8       # a mean of eight items, some at the ends
sum21[sample(n, 17)] <- NA
few <- c(3, 4, 4, 9, rep(NA, n - 4))                                       # four people: the fewest that have a kurtosis
write.csv(data.frame(sum21 = sum21, mean5 = mean5, few = few), "describe.csv", row.names = FALSE, na = "")

skew <- function(x) {      # type 2: G1, as SPSS and SAS
  n <- length(x); d <- x - mean(x)
  sqrt(n * (n - 1)) / (n - 2) * mean(d^3) / mean(d^2)^1.5
}
kurtosis <- function(x) {  # type 2: G2, excess
  n <- length(x); d <- x - mean(x)
  (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (mean(d^4) / mean(d^2)^2 - 3) + 6)
}
described <- function(x, low, high) {
  missing <- sum(is.na(x)); x <- x[!is.na(x)]
  interval <- function(level) as.numeric(t.test(x, conf.level = level)$conf.int)
  q <- quantile(x, c(.25, .5, .75), type = 7, names = FALSE)
  list(n = length(x), n_missing = missing, mean = mean(x), sd = sd(x), se = sd(x) / sqrt(length(x)), ci95 = interval(.95), ci90 = interval(.90),
       min = min(x), q25 = q[1], median = q[2], q75 = q[3], max = max(x), skew = skew(x), kurtosis = kurtosis(x),
       floor_percent = 100 * mean(x == low), ceiling_percent = 100 * mean(x == high))
}
d <- read.csv("describe.csv")
out <- list(sum21 = described(d$sum21, 0, 21), mean5 = described(d$mean5, 1, 5), few = described(d$few, 0, 21),
            versions = list(R = R.version.string))
write_json(out, "describe.json", auto_unbox = TRUE, digits = NA, pretty = TRUE)

# Reference values for the validity functions of rejsens.psychometrics, made once:  Rscript validity.R  (in this folder)
# Reads psychometrics_*.csv, sem_*.csv and validity_answers.csv (simulated, made by validity_data.py); writes validity.json.
suppressMessages({library(lavaan); library(psych); library(semTools); library(jsonlite)})
read <- function(name) read.csv(sprintf("%s.csv", name))
continuous <- read("psychometrics_continuous"); skewed <- read("sem_skewed"); q <- paste0("q", 1:6); four <- read("sem_ordinal4")[q]
three <- "f =~ x1 + x2 + x3\n g =~ x4 + x5 + x6\n h =~ x7 + x8 + x9"; two <- "f =~ q1 + q2 + q3\n g =~ q4 + q5 + q6"
quiet <- function(expression) suppressWarnings(suppressMessages(expression))
lower <- function(m) { m <- unclass(m); list(fg = m["g", "f"], fh = if ("h" %in% rownames(m)) m["h", "f"], gh = if ("h" %in% rownames(m)) m["h", "g"]) }

# --- heterotrait-monotrait ratios ------------------------------------------------------------------------------------
ratio <- function(model, data, ...) lower(quiet(semTools::htmt(model, data, ...)))
out <- list(htmt = list(continuous = ratio(three, continuous, htmt2 = FALSE), skewed = ratio(three, skewed, htmt2 = FALSE),
                        ordered = ratio(two, four, htmt2 = FALSE, ordered = q)),
            htmt2 = list(continuous = ratio(three, continuous, htmt2 = TRUE), skewed = ratio(three, skewed, htmt2 = TRUE),
                         ordered = ratio(two, four, htmt2 = TRUE, ordered = q)))
set.seed(3)
drawn <- replicate(2000, ratio(three, continuous[sample(nrow(continuous), replace = TRUE), ], htmt2 = FALSE)$fg)
out$htmt_draws <- list(draws = 2000, sd = sd(drawn), ends = unname(quantile(drawn, c(.025, .975))))

# --- average variance extracted: semTools' with standardised items, and a defined parameter for its error -------------
standard <- as.data.frame(scale(continuous))
out$ave <- as.list(unclass(semTools::AVE(cfa(three, standard), obs.var = FALSE)))
labelled <- "f =~ a1*x1 + a2*x2 + a3*x3\n x1 ~~ e1*x1\n x2 ~~ e2*x2\n x3 ~~ e3*x3\n g =~ x4 + x5 + x6\n h =~ x7 + x8 + x9
  ave := (a1^2/(a1^2+e1) + a2^2/(a2^2+e2) + a3^2/(a3^2+e3)) / 3"
row <- subset(parameterEstimates(cfa(labelled, continuous, std.lv = TRUE)), lhs == "ave")
out$ave_f <- list(estimate = row$est, se = row$se, ci_low = row$ci.lower, ci_high = row$ci.upper)
phi <- lavInspect(cfa(three, continuous, std.lv = TRUE), "cor.lv"); out$phi <- lower(phi)

# --- correction for attenuation --------------------------------------------------------------------------------------
sets <- list(f = c("x1", "x2", "x3"), g = c("x4", "x5", "x6"), h = c("x7", "x8", "x9"))
sums <- sapply(sets, function(s) rowSums(continuous[s]))
alphas <- sapply(sets, function(s) quiet(psych::alpha(continuous[s]))$total$raw_alpha)
omegas <- sapply(sets, function(s) compRelSEM(cfa(paste("f =~", paste(s, collapse = " + ")), continuous, std.lv = TRUE), obs.var = FALSE)[[1]])
above <- function(rel) { m <- psych::correct.cor(cor(sums), rel); list(fg = m["f", "g"], fh = m["f", "h"], gh = m["g", "h"]) }
out$attenuation <- list(alpha = above(alphas), omega_u = above(omegas), r = list(fg = cor(sums)["f", "g"]), reliabilities = as.list(alphas))
test <- cor.test(sums[, "f"], sums[, "g"]); out$attenuation$known <- unname(test$conf.int[1:2] / sqrt(alphas["f"] * alphas["g"]))

# --- weak checks of method variance ----------------------------------------------------------------------------------
roots <- eigen(cor(continuous))$values; one <- cfa(paste("one =~", paste(names(continuous), collapse = " + ")), continuous)
out$single_factor <- list(first_component = roots[1] / 9, first_over_second = roots[1] / roots[2],
                          one_factor_cfi = fitMeasures(one)[["cfi"]], one_factor_rmsea = fitMeasures(one)[["rmsea"]])
r <- cor(continuous[c("x1", "x4", "x7", "x9")]); m <- min(r["x9", c("x1", "x4", "x7")]); n <- nrow(continuous)
adjusted <- (r["x1", "x4"] - max(m, 0)) / (1 - max(m, 0)); t <- adjusted * sqrt((n - 3) / (1 - adjusted^2))
out$marker <- list(r = r["x1", "x4"], marker = max(m, 0), adjusted = adjusted, p = 2 * pt(-abs(t), n - 3))

# --- careless responding, from base R --------------------------------------------------------------------------------
answers <- read("validity_answers"); low <- 1; high <- 5; reversed <- c("a2", "b3", "c1", "d4")
scales <- split(names(answers), substr(names(answers), 1, 1))
keyed <- answers; keyed[reversed] <- low + high - keyed[reversed]
runs <- function(x) { keep <- rle(ifelse(is.na(x), -seq_along(x), x)); keep$lengths[keep$values > 0] }
row_runs <- apply(answers, 1, runs, simplify = FALSE)
halves <- function(x) { f <- t(sapply(scales, function(s) { v <- x[s]; odd <- seq_along(v) %% 2 == 1; c(mean(v[odd], na.rm = TRUE), mean(v[!odd], na.rm = TRUE)) }))
  if (sum(complete.cases(f)) < 3) return(NA); r <- suppressWarnings(cor(f[, 1], f[, 2], use = "complete.obs")); if (is.na(r)) NA else max(2 * r / (1 + r), -1) }
over <- cor(answers, use = "pairwise.complete.obs"); over[lower.tri(over, diag = TRUE)] <- NA
consistency <- function(x, pairs) { a <- x[pairs[, 1]]; b <- x[pairs[, 2]]; if (sum(!is.na(a) & !is.na(b)) < 3) NA else suppressWarnings(cor(a, b, use = "complete.obs")) }
complete <- complete.cases(answers); seen <- sum(complete); d2 <- rep(NA, nrow(answers)); d2[complete] <- mahalanobis(answers[complete, ], colMeans(answers[complete, ]), cov(answers[complete, ]))
# Guttman errors: every pair of steps counted, and every pattern of a sum tried
steps_of <- function(x, m) unlist(lapply(seq_along(x), function(j) as.integer(x[j] >= seq_len(m[j]))))
errors_of <- function(taken, rank) { bad <- 0; for (a in seq_along(taken)) for (b in seq_along(taken)) if (rank[a] < rank[b] && taken[a] == 0 && taken[b] == 1) bad <- bad + 1; bad }
guttman <- function(s) {
  x <- as.matrix(keyed[s] - low); whole <- complete.cases(x); y <- x[whole, ]; m <- apply(y, 2, max)
  popular <- unlist(lapply(seq_along(m), function(j) sapply(seq_len(m[j]), function(k) mean(y[, j] >= k))))
  rank <- rank(-round(popular, 12), ties.method = "first")
  patterns <- as.matrix(expand.grid(lapply(m, function(top) 0:top))); counted <- apply(patterns, 1, function(p) errors_of(steps_of(p, m), rank))
  most <- tapply(counted, rowSums(patterns), max); out <- matrix(0, nrow(x), 2)
  out[whole, 1] <- apply(y, 1, function(p) errors_of(steps_of(p, m), rank)); out[whole, 2] <- most[as.character(rowSums(y))]
  out
}
total <- Reduce(`+`, lapply(scales, guttman))
out$careless <- list(long_string = sapply(row_runs, max), average_string = sapply(row_runs, mean),
  irv = apply((answers - low) / (high - low), 1, sd, na.rm = TRUE), mahalanobis_d2 = d2, mahalanobis_p = pbeta(d2 * seen / (seen - 1)^2, ncol(answers) / 2, (seen - ncol(answers) - 1) / 2, lower.tail = FALSE),
  even_odd = apply(keyed, 1, halves), synonyms = apply(answers, 1, consistency, which(over > .60, arr.ind = TRUE)),
  antonyms = apply(answers, 1, consistency, which(over < -.60, arr.ind = TRUE)),
  guttman_errors = ifelse(total[, 2] > 0, total[, 1] / total[, 2], NA), n_synonyms = sum(over > .60, na.rm = TRUE), n_antonyms = sum(over < -.60, na.rm = TRUE))

out$versions <- c(list(R = as.character(getRversion())), sapply(c("lavaan", "psych", "semTools", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "validity.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")

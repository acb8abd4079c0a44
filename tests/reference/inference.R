# Reference values for rejsens.inference, made once:  Rscript inference.R  (in this folder)
# Writes inference.csv (simulated panel), inference_draws.csv (bootstrap replicates) and inference.json.
suppressMessages({library(lmerTest); library(sandwich); library(boot); library(jsonlite)})
RNGversion("4.2.0"); set.seed(20260105)

# --- data: 150 people, four waves, drop-out, missing cells, a rare category ------------------------------------------
n <- 150; waves <- 4
u <- rnorm(n); trait <- rnorm(n); slope <- rnorm(n, -0.35, 0.70)
person <- rep(seq_len(n), each = waves); number <- rep(seq_len(waves), n)
o <- 0.6 * rnorm(n)[person] + rnorm(n * waves)
x <- 1.5 + 0.7 * trait[person] + 0.3 * o + 0.8 * rnorm(n * waves)
status0 <- sample(0:2, n, TRUE, c(.35, .5, .15))[person]
status <- ifelse(runif(n * waves) < 0.12, sample(0:2, n * waves, TRUE), status0)
age <- round(rnorm(n, 40, 12))[person]
gender <- sample(1:3, n, TRUE, c(.55, .40, .05))[person]
y <- 28 + 3 * u[person] - 1.2 * trait[person] + 2 * slope[person] * (x - 1.5) - 0.5 * o + 0.4 * number +
  0.03 * (age - 40) + 0.6 * (gender == 2) + 0.8 * (status == 1) + 2 * rnorm(n * waves) * (1 + 0.4 * (gender == 2))
d <- data.frame(participant = sprintf("p%03d", person), wave = paste0("w", number), wave_number = number, role = "wave",
                x = round(x, 4), o = round(o, 4), y = round(y, 4), age, gender, status)
d$x[runif(nrow(d)) < .03] <- NA
d$y[runif(nrow(d)) < .03] <- NA
d$o[runif(nrow(d)) < .02] <- NA
leaves <- sample(2:(waves + 4), n, TRUE)
d <- d[number < leaves[person], ]
write.csv(d, "inference.csv", row.names = FALSE, na = "")
d$gender <- relevel(factor(d$gender), names(which.max(table(d$gender))))
d$status <- factor(d$status)

z <- function(v) (v - mean(v)) / sd(v)
row <- function(b, se, df, level = .95) list(
  estimate = b, se = se, df = df, statistic = b / se, p = 2 * pt(-abs(b / se), df),
  ci_low = b - qt(1 - (1 - level) / 2, df) * se, ci_high = b + qt(1 - (1 - level) / 2, df) * se,
  ci90_low = b - qt(.95, df) * se, ci90_high = b + qt(.95, df) * se)
out <- list()

# --- one wave: OLS with HC3, partial correlation, BCa bootstrap --------------------------------------------------------
w1 <- na.omit(d[d$wave == "w1", ])
m <- lm(z(y) ~ z(x) + age + gender + status + o, w1)
out$cross <- row(coef(m)[[2]], sqrt(vcovHC(m, "HC3")[2, 2]), m$df.residual)
out$cross$n <- nrow(w1); out$cross$n_lost <- sum(d$wave == "w1") - nrow(w1)
rx <- resid(lm(x ~ age + gender + status + o, w1)); ry <- resid(lm(y ~ age + gender + status + o, w1))
r <- cor(rx, ry); k <- length(coef(m)) - 2
out$partial <- list(estimate = r, p = 2 * pt(-abs(r) * sqrt(m$df.residual / (1 - r^2)), m$df.residual),
                    ci_low = tanh(atanh(r) - qnorm(.975) / sqrt(nrow(w1) - 3 - k)),
                    ci_high = tanh(atanh(r) + qnorm(.975) / sqrt(nrow(w1) - 3 - k)))
beta <- function(data, rows) coef(lm(z(y) ~ z(x) + age + gender + status + o, data[rows, ]))[[2]]
jackknife <- sapply(seq_len(nrow(w1)), function(i) beta(w1, -i))
L <- mean(jackknife) - jackknife
b <- boot(w1, beta, R = 10000)
ci <- boot.ci(b, conf = c(.90, .95), type = "bca", L = L)$bca
out$bootstrap <- list(R = b$R, estimate = b$t0, se = sd(b$t), acceleration = sum(L^3) / (6 * sum(L^2)^1.5),
                      jackknife_first = jackknife[1:5], ci90 = ci[1, 4:5], ci95 = ci[2, 4:5])
short <- b; short$t <- b$t[1:999, , drop = FALSE]; short$R <- 999; short$call$R <- 999
ci <- boot.ci(short, conf = c(.90, .95), type = "bca", L = L)$bca
out$bca <- list(estimate = b$t0, ci90 = ci[1, 4:5], ci95 = ci[2, 4:5])
write.csv(data.frame(draw = short$t[, 1]), "inference_draws.csv", row.names = FALSE)
write.csv(data.frame(beta = jackknife), "inference_jackknife.csv", row.names = FALSE)

# --- two waves: change on change -----------------------------------------------------------------------------------------
p <- na.omit(d[d$wave %in% c("w1", "w2"), ])
p <- p[p$participant %in% names(which(table(p$participant) == 2)), ]
a1 <- p[p$wave == "w1", ]; a2 <- p[p$wave == "w2", ]; stopifnot(identical(a1$participant, a2$participant))
dum <- function(v, level) (v == level) * 1
dd <- data.frame(y = a2$y - a1$y, x = a2$x - a1$x, o = a2$o - a1$o,
                 s0 = dum(a2$status, 0) - dum(a1$status, 0), s2 = dum(a2$status, 2) - dum(a1$status, 2))
m <- lm(y ~ x + o + s0 + s2, dd)
s <- sqrt(mean(dd$x^2) / 2) / sqrt(mean(dd$y^2) / 2)
out$change <- row(coef(m)[["x"]] * s, sqrt(vcovHC(m, "HC3")["x", "x"]) * s, m$df.residual)
out$change$n_people <- nrow(dd)

# --- three or more waves: within-between, random intercept and random slope ----------------------------------------------
split_parts <- function(p) {
  pm <- function(v) ave(v, p$participant)
  for (v in c("x", "o")) { p[[paste0(v, "b")]] <- pm(p[[v]]); p[[paste0(v, "w")]] <- p[[v]] - pm(p[[v]]) }
  for (l in c(0, 2)) {
    p[[paste0("s", l, "b")]] <- pm(dum(p$status, l)); p[[paste0("s", l, "w")]] <- dum(p$status, l) - pm(dum(p$status, l))
  }
  p
}
sdw <- function(v, id) sqrt(sum((v - ave(v, id))^2) / (length(v) - length(unique(id))))
sdb <- function(v, id) sd(tapply(v, id, mean))
mixed <- function(data, random) {
  p <- split_parts(na.omit(data)); id <- as.character(p$participant)
  f <- paste("y ~ xw + xb + ow + ob + s0w + s0b + s2w + s2b + age + gender + wave +", random)
  m <- lmer(as.formula(f), p, control = lmerControl(optimizer = "bobyqa"))
  cf <- summary(m)$coefficients
  kw <- sdw(p$x, id) / sdw(p$y, id); kb <- sdb(p$x, id) / sdb(p$y, id)
  list(within = row(cf["xw", 1] * kw, cf["xw", 2] * kw, cf["xw", 3]),
       between = row(cf["xb", 1] * kb, cf["xb", 2] * kb, cf["xb", 3]), raw_within = cf["xw", 1], raw_between = cf["xb", 1],
       sd_within = c(sdw(p$x, id), sdw(p$y, id)), sd_between = c(sdb(p$x, id), sdb(p$y, id)),
       n_people = length(unique(id)), n_obs = nrow(p), n_lost = nrow(data) - nrow(p), singular = isSingular(m),
       random_sd = as.data.frame(VarCorr(m))$sdcor)
}
out$intercept <- mixed(d, "(1 | participant)")
out$slope <- mixed(d, "(1 + xw | participant)")
small <- d[d$participant %in% unique(d$participant)[1:45] & d$wave_number <= 3, ]
out$small <- mixed(small, "(1 | participant)")
flat <- split_parts(na.omit(d)); flat$y <- flat$y - ave(flat$y, flat$participant)
out$singular <- isSingular(lmer(y ~ xw + xb + wave + (1 | participant), flat))

# --- person fixed effects, clustered ----------------------------------------------------------------------------------------
p <- split_parts(na.omit(d)); p <- p[p$participant %in% names(which(table(p$participant) > 1)), ]
within <- function(v) v - ave(v, p$participant)
W <- sapply(levels(factor(p$wave))[-1], function(l) within((p$wave == l) * 1))
fe <- lm(within(p$y) ~ 0 + p$xw + p$ow + p$s0w + p$s2w + W)
k <- out$intercept$sd_within[1] / out$intercept$sd_within[2]
groups <- length(unique(p$participant))
out$fixed_effects <- row(coef(fe)[[1]] * k, k * sqrt(vcovCL(fe, cluster = p$participant, type = "HC0", cadjust = TRUE)[1, 1]), groups - 1)

# --- correlations, corrections, TOST, smallest detectable effect --------------------------------------------------------------
c1 <- d[d$wave == "w1", ]
test <- cor.test(c1$x, c1$y)
out$correlation <- list(n = test$parameter[[1]] + 2, r = test$estimate[[1]], ci_low = test$conf.int[1],
                        ci_high = test$conf.int[2], p = test$p.value)
ps <- c(.001, .04, .03, NA, .5, .012)
out$adjust <- list(p = ps, holm = p.adjust(ps, "holm"), bh = p.adjust(ps, "BH"))
out$tost <- list(estimate = .04, se = .025, df = 37.5, sesoi = .1, lower = pt((.04 + .1) / .025, 37.5, lower.tail = FALSE),
                 upper = pt((.04 - .1) / .025, 37.5))
power <- function(d, df) pt(qt(.975, df), df, d, lower.tail = FALSE) + pt(-qt(.975, df), df, d)
out$detectable <- lapply(c(12, 120, 3000), function(df)
  list(df = df, multiple = uniroot(function(d) power(d, df) - .8, c(1, 6), tol = 1e-10)$root))
out$versions <- c(list(R = as.character(getRversion())), sapply(c("lme4", "lmerTest", "sandwich", "boot", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "inference.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")

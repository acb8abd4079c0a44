# The family of tests/studies/rsq8, estimated by R from the scores of a run:  Rscript rsq8.R scores.csv  (prints JSON)
# The scores are real people's and stay where they are; nothing is written. Run by tests/workflow/test_real_studies.py.
suppressMessages({library(sandwich); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1])
z <- function(v) (v - mean(v)) / sd(v)
trow <- function(b, se, df, n) list(estimate = b, se = se, df = df, n_people = n, p = 2 * pt(-abs(b / se), df),
  ci_low = b - qt(.975, df) * se, ci_high = b + qt(.975, df) * se,
  ci90_low = b - qt(.95, df) * se, ci90_high = b + qt(.95, df) * se)
hc3 <- function(m, name) trow(coef(m)[[name]], sqrt(vcovHC(m, "HC3")[name, name]), m$df.residual, length(resid(m)))
ncp <- function(t, df, p) uniroot(function(x) pt(t, df, ncp = x) - p, c(t - 12, t + 12), tol = 1e-10)$root
noncentral <- function(t, df, scale, n, sesoi) list(estimate = t * scale, se = scale, df = df, n_people = n,
  p = 2 * pt(-abs(t), df), ci_low = scale * ncp(t, df, .975), ci_high = scale * ncp(t, df, .025),
  ci90_low = scale * ncp(t, df, .95), ci90_high = scale * ncp(t, df, .05),
  p_equivalence = max(pt(t, df, ncp = -sesoi / scale, lower.tail = FALSE), pt(t, df, ncp = sesoi / scale)))
out <- list()

p <- d[complete.cases(d[c("rses_mean", "rsq_8")]), ]; n <- nrow(p)
ct <- cor.test(p$rses_mean, p$rsq_8); r <- ct$estimate[[1]]
ct90 <- cor.test(p$rses_mean, p$rsq_8, conf.level = .90)
out$B1 <- list(estimate = r, se = sqrt((1 - r^2) / (n - 2)), df = ct$parameter[[1]], n_people = n, p = ct$p.value,
  ci_low = ct$conf.int[1], ci_high = ct$conf.int[2], ci90_low = ct90$conf.int[1], ci90_high = ct90$conf.int[2])

p <- d[complete.cases(d[c("rsq_8", "attachment12_anxiety", "attachment12_avoidance", "age", "gender")]), ]
alone <- names(which(table(p$gender) == 1)); p <- p[!p$gender %in% alone, ]  # leverage 1: HC3 is not defined
out$B2 <- hc3(lm(z(rsq_8) ~ z(attachment12_anxiety) + z(attachment12_avoidance) + z(age) + factor(gender), p),
  "z(attachment12_anxiety)")

pairs <- function(group) {
  p <- d[d$rejection %in% group & complete.cases(d[c("t1_belonging", "t2_belonging")]), ]
  t <- t.test(p$t1_belonging, p$t2_belonging, paired = TRUE); n <- nrow(p)
  noncentral(t$statistic[[1]], t$parameter[[1]], 1 / sqrt(n), n, 0.20)
}
out$B3 <- pairs(1); out$B4 <- pairs(0)

p <- d[complete.cases(d[c("t2_belonging", "rejection", "rsq_8", "t1_belonging")]), ]
out$B5 <- hc3(lm(z(t2_belonging) ~ z(rejection) * z(rsq_8) + z(t1_belonging), p), "z(rejection):z(rsq_8)")

p <- d[complete.cases(d[c("t3_need_belonging", "rejection")]), ]
t <- t.test(p$t3_need_belonging[p$rejection == 1], p$t3_need_belonging[p$rejection == 0], var.equal = TRUE)
k <- table(p$rejection)
out$B6 <- noncentral(t$statistic[[1]], t$parameter[[1]], sqrt(1 / k[[1]] + 1 / k[[2]]), sum(k), 0.20)

cat(toJSON(out, auto_unbox = TRUE, digits = NA))

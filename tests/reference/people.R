# Reference values for the models of persons in rejsens.inference, made once:  Rscript people.R  (in this folder)
# Reads people.csv (people_data.py); writes people.json.
suppressMessages({library(sandwich); library(MASS); library(boot); library(emmeans); library(splines)
  library(quadprog); library(jsonlite)})
RNGversion("4.2.0"); set.seed(20268)
d <- read.csv("people.csv")
z <- function(v) (v - mean(v)) / sd(v)
reference <- function(v) relevel(factor(v), names(which.max(table(v))))
complete <- function(...) {
  p <- d[complete.cases(d[, c(...)]), ]
  p$gender <- reference(p$gender); p$partner <- reference(p$partner); p
}
K <- c("age", "gender")
trow <- function(b, se, df) list(estimate = b, se = se, df = df, statistic = b / se, p = 2 * pt(-abs(b / se), df),
  ci_low = b - qt(.975, df) * se, ci_high = b + qt(.975, df) * se, ci90_low = b - qt(.95, df) * se,
  ci90_high = b + qt(.95, df) * se)
zrow <- function(b, se) { r <- trow(b, se, Inf); r$df <- NULL; r }
hc <- function(m) vcovHC(m, "HC3")
at <- function(m, w, V = hc(m)) trow(sum(w * coef(m)), sqrt(c(t(w) %*% V %*% w)), m$df.residual)
pick <- function(m, name) { w <- 0 * coef(m); w[name] <- 1; w }
joint <- function(m, L, V = hc(m)) {
  w <- L %*% coef(m); f <- c(t(w) %*% solve(L %*% V %*% t(L), w)) / nrow(L)
  list(f = f, q = nrow(L), df = m$df.residual, p = pf(f, nrow(L), m$df.residual, lower.tail = FALSE))
}
out <- list()

# --- partial correlation ------------------------------------------------------------------------------------------------
p <- complete("y", "x", K)
rx <- resid(lm(x ~ age + gender, p)); ry <- resid(lm(y ~ age + gender, p)); n <- nrow(p); k <- 3; r <- cor(rx, ry)
out$partial <- list(estimate = r, n = n, df = n - 2 - k, statistic = r * sqrt((n - 2 - k) / (1 - r^2)),
  ci_low = tanh(atanh(r) - qnorm(.975) / sqrt(n - 3 - k)), ci_high = tanh(atanh(r) + qnorm(.975) / sqrt(n - 3 - k)))
q <- complete("y", "x"); ct <- cor.test(q$x, q$y)
out$plain <- list(estimate = ct$estimate[[1]], statistic = ct$statistic[[1]], df = ct$parameter[[1]], p = ct$p.value,
  ci_low = ct$conf.int[1], ci_high = ct$conf.int[2])

# --- proportional odds and Brant ----------------------------------------------------------------------------------------
p <- complete("item", "x", K)
m <- polr(factor(item) ~ z(x) + age + gender, p, Hess = TRUE, method = "logistic",
          control = list(reltol = 1e-15, maxit = 1000))
out$ordinal <- zrow(coef(m)[[1]], sqrt(vcov(m)[1, 1])); out$ordinal$n <- nrow(p)
X <- model.matrix(~ z(x) + age + gender, p); J <- max(p$item); cuts <- lapply(1:(J - 1), function(j)
  glm((p$item > j) ~ z(x) + age + gender, binomial, p, control = list(epsilon = 1e-14, maxit = 100)))
V <- function(l, m) {  # covariance of the slopes at cuts l <= m
  pl <- fitted(cuts[[l]]); pm <- fitted(cuts[[m]])
  info <- function(q) solve(t(X) %*% (X * q * (1 - q)))
  info(pl) %*% (t(X) %*% (X * (pm - pl * pm))) %*% info(pm)
}
brant <- function(cols) {
  big <- matrix(0, (J - 1) * length(cols), (J - 1) * length(cols)); kk <- length(cols)
  for (l in 1:(J - 1)) for (h in l:(J - 1)) {
    b <- V(l, h)[cols, cols, drop = FALSE]
    big[(l - 1) * kk + 1:kk, (h - 1) * kk + 1:kk] <- b; big[(h - 1) * kk + 1:kk, (l - 1) * kk + 1:kk] <- t(b)
  }
  b <- unlist(lapply(cuts, function(m) coef(m)[cols]))
  D <- cbind(kronecker(rep(-1, J - 2), diag(kk)), diag((J - 2) * kk))
  chi2 <- c(t(D %*% b) %*% solve(D %*% big %*% t(D), D %*% b)); df <- (J - 2) * kk
  list(statistic = chi2, df = df, p = pchisq(chi2, df, lower.tail = FALSE))
}
out$brant <- list(predictor = brant(2), all = brant(2:5), cuts = sapply(cuts, function(m) coef(m)[[2]]))

# --- negative binomial ---------------------------------------------------------------------------------------------------
p <- complete("count", "x", K)
tight <- glm.control(epsilon = 1e-14, maxit = 200)
m <- glm.nb(count ~ z(x) + age + gender, p, control = tight)
po <- glm(count ~ z(x) + age + gender, poisson, p, control = tight)
lr <- 2 * c(logLik(m) - logLik(po))
s <- summary(m)$coefficients
out$count <- zrow(s[2, 1], s[2, 2])
out$count$dispersion <- 1 / m$theta; out$count$dispersion_se <- m$SE.theta / m$theta^2; out$count$lr <- lr
out$count$p_lr <- pchisq(lr, 1, lower.tail = FALSE) / 2
out$count$pearson <- sum(resid(po, "pearson")^2) / po$df.residual
out$count$poisson <- summary(po)$coefficients[2, 1:2]
out$count$zeros <- sum(p$count == 0) / sum(dnbinom(0, size = m$theta, mu = fitted(m)))
out$calm <- { q <- complete("calm", "x"); s <- summary(glm(calm ~ z(x), poisson, q, control = tight))$coefficients
  list(estimate = s[2, 1], se = s[2, 2]) }

# --- one predictor, two outcomes; two or four predictors, one outcome -------------------------------------------------------
p <- complete("y", "y2", "x", K)
m <- lm(cbind(z(y), z(y2)) ~ z(x) + age + gender, p)
V <- vcovHC(m, "HC3"); i <- grep("z\\(x\\)", rownames(V)); b <- coef(m)[2, ]
out$outcomes <- trow(b[[1]] - b[[2]], sqrt(V[i[1], i[1]] + V[i[2], i[2]] - 2 * V[i[1], i[2]]), m$df.residual)
out$outcomes$betas <- unname(b); out$outcomes$se_betas <- unname(sqrt(diag(V)[i]))
p <- complete("y", "x", "s2", K)
m <- lm(z(y) ~ z(x) + z(s2) + age + gender, p)
out$predictors <- at(m, pick(m, "z(x)") - pick(m, "z(s2)"))
sources <- function(common) {
  q <- d; q$s1[q$no_partner == 1] <- 0; q <- q[complete.cases(q[, c("y", paste0("s", 1:4), K)]), ]
  q$gender <- reference(q$gender); has <- q$no_partner == 0
  sds <- c(sd(q$s1[has]), sd(q$s2), sd(q$s3), sd(q$s4)); if (common) sds[] <- sqrt(mean(sds^2))
  for (j in 1:4) q[[paste0("s", j)]] <- q[[paste0("s", j)]] / sds[j]
  m <- lm(z(y) ~ s1 + s2 + s3 + s4 + no_partner + age + gender, q)
  pairs <- combn(paste0("s", 1:4), 2)
  rows <- lapply(1:6, function(j) at(m, pick(m, pairs[1, j]) - pick(m, pairs[2, j])))
  L <- rbind(pick(m, "s1") - pick(m, "s2"), pick(m, "s1") - pick(m, "s3"), pick(m, "s1") - pick(m, "s4"))
  list(betas = unname(coef(m)[2:5]), se = unname(sqrt(diag(hc(m)))[2:5]), joint = joint(m, L), n = nrow(q),
       pairs = sapply(rows, `[[`, "estimate"), p = sapply(rows, `[[`, "p"), holm = p.adjust(sapply(rows, `[[`, "p"), "holm"))
}
out$sources <- sources(FALSE); out$sources_common <- sources(TRUE)

# --- added R squared -------------------------------------------------------------------------------------------------------
p <- complete("y", "x", K)
r2 <- function(data, rows, f) summary(lm(f, data[rows, ]))$r.squared
added <- function(data, rows) r2(data, rows, y ~ x + age + gender) - r2(data, rows, y ~ age + gender)
b <- boot(p, added, 4000); jack <- sapply(seq_len(nrow(p)), function(i) added(p, -i)); L <- mean(jack) - jack
ci <- boot.ci(b, conf = c(.90, .95), type = "bca", L = L)$bca
out$added <- list(estimate = b$t0, covariates = r2(p, 1:nrow(p), y ~ age + gender), ci90 = ci[1, 4:5], ci95 = ci[2, 4:5],
                  se = sd(b$t), R = b$R)
m <- lm(z(y) ~ z(x) + age + gender, p); out$added$f <- joint(m, rbind(pick(m, "z(x)")))

# --- dose and response ------------------------------------------------------------------------------------------------------
knots <- quantile(p$x, c(.05, .35, .65, .95)); basis <- function(v) ns(v, knots = knots[2:3], Boundary.knots = knots[c(1, 4)])
# truncated powers span the same space as ns(): the Wald test of the bend needs its two columns
cube <- function(v) pmax(v, 0)^3
bend <- function(v, j) (cube(v - knots[j]) - cube(v - knots[3]) * (knots[4] - knots[j]) / (knots[4] - knots[3]) +
  cube(v - knots[4]) * (knots[3] - knots[j]) / (knots[4] - knots[3])) / (knots[4] - knots[1])^2
p$b1 <- bend(p$x, 1); p$b2 <- bend(p$x, 2)
line <- lm(z(y) ~ z(x) + age + gender, p); spline <- lm(z(y) ~ basis(x) + age + gender, p)
bent <- lm(z(y) ~ z(x) + b1 + b2 + age + gender, p); stopifnot(all.equal(deviance(spline), deviance(bent)))
raw <- lm(y ~ basis(x) + age + gender, p)
G <- colMeans(model.matrix(~ age + gender, p))[-1]
mean_at <- function(v) { w <- c(1, unname(basis(v)[1, ]), G); at(raw, w)[c("estimate", "se", "ci_low", "ci_high")] }
step <- c(0, unname(basis(1)[1, ] - basis(0)[1, ]), 0 * G)
inner <- quantile(p$x, c(.1, .9)); places <- sort(unique(p$x[p$x > inner[1] & p$x < inner[2]]))
if (length(places) > 200) places <- places[round(seq(1, length(places), length.out = 200))]
W <- model.matrix(line); yz <- z(p$y)
rss_at <- function(y, c) sum(lm.fit(cbind(W, pmax(p$x - c, 0)), y)$residuals^2)
searched <- sapply(places, function(c) rss_at(yz, c)); place <- places[which.min(searched)]
LR <- nrow(p) * log(deviance(line) / min(searched))
# wild bootstrap by projection onto orthogonal hinges: the reduction in RSS of each candidate
H <- sapply(places, function(c) { h <- resid(lm.fit(W, pmax(p$x - c, 0))); h / sqrt(sum(h^2)) })
Q <- qr.Q(qr(W)); e0 <- resid(line) / sqrt(1 - hatvalues(line))
draw <- replicate(5000, { e <- e0 * sample(c(-1, 1), nrow(p), TRUE); e <- e - Q %*% crossprod(Q, e)
  g <- max(crossprod(H, e)^2); nrow(p) * log(sum(e^2) / (sum(e^2) - g)) })
hinge <- lm(z(y) ~ z(x) + I(pmax(x - place, 0) / sd(x)) + age + gender, p); e1 <- resid(hinge) / sqrt(1 - hatvalues(hinge))
moved <- replicate(2000, { y <- fitted(hinge) + e1 * sample(c(-1, 1), nrow(p), TRUE); y <- y - Q %*% crossprod(Q, y)
  places[which.max(crossprod(H, y)^2)] })
monotone <- function(y, data) {  # isotonic (falling) least squares by quadratic programming on the means of equal x
  g <- sort(unique(data$x)); w <- as.numeric(table(data$x)); mu <- as.numeric(tapply(y, data$x, mean))
  A <- matrix(0, length(g), length(g) - 1); for (j in seq_len(length(g) - 1)) { A[j, j] <- 1; A[j + 1, j] <- -1 }
  fit <- solve.QP(diag(w), w * mu, A, rep(0, length(g) - 1))$solution
  sum(w * fit^2) / sum(y^2)
}
res <- resid(lm(z(y) ~ age + gender, p)); QK <- qr.Q(qr(model.matrix(~ age + gender, p)))
E2 <- monotone(res, p)
c1 <- complete("calm", "x", K); QC <- qr.Q(qr(model.matrix(~ age + gender, c1)))
rc <- resid(lm(calm ~ age + gender, c1)); c1$x <- -c1$x; EC <- monotone(rc, c1)  # rising: minus x, falling
shuffled <- replicate(400, { s <- sample(rc); monotone(s - QC %*% crossprod(QC, s), c1) })
out$dose <- list(beta = at(line, pick(line, "z(x)")), bend = joint(bent, rbind(pick(bent, "b1"), pick(bent, "b2"))),
  aic = c(line = AIC(line), spline = AIC(spline), breakpoint = AIC(hinge) + 2),
  means = lapply(c(0, 1, unname(quantile(p$x, c(.25, .75)))), mean_at),
  difference = { w <- step / sd(p$y); at(raw, w)[c("estimate", "se")] },
  breakpoint = place, lr = LR, p = (1 + sum(draw >= LR)) / 5001, lr_quantiles = unname(quantile(draw, c(.5, .9, .95))),
  break_ci = unname(quantile(moved, c(.025, .975), type = 6)), break_se = sd(moved),
  slopes = list(below = at(hinge, pick(hinge, names(coef(hinge))[2])),
                above = at(hinge, pick(hinge, names(coef(hinge))[2]) + pick(hinge, names(coef(hinge))[3]))),
  isotonic = E2, isotonic_null = list(estimate = EC, p = (1 + sum(shuffled >= EC)) / 401, draws = 400))

# --- moderation ---------------------------------------------------------------------------------------------------------------
p <- complete("y", "x", "m", K); p$xz <- z(p$x); p$mz <- z(p$m)
m <- lm(z(y) ~ xz * mz + age + gender, p); V <- hc(m)
slopes <- summary(emtrends(m, ~ mz, var = "xz", at = list(mz = c(-1, 0, 1)), vcov. = V), infer = TRUE)
excess <- function(mz, side) { s <- at(m, pick(m, "xz") + mz * pick(m, "xz:mz")); if (side < 0) s$ci_low else s$ci_high }
roots <- unlist(lapply(c(-1, 1), function(side) { g <- seq(-8, 8, .1); v <- sapply(g, excess, side = side)
  sapply(which(diff(sign(v)) != 0), function(j) uniroot(excess, g[j + 0:1], side = side, tol = 1e-12)$root) }))
p$az <- z(p$age); p$g2 <- (p$gender == "2") * 1; p$g3 <- (p$gender == "3") * 1
wide <- lm(z(y) ~ xz * mz + xz * (az + g2 + g3) + mz * (az + g2 + g3), p)
out$moderation <- list(interaction = at(m, pick(m, "xz:mz")), slopes = slopes$xz.trend, slopes_low = slopes$lower.CL,
  slopes_high = slopes$upper.CL, bounds = sort(unname(roots)) * sd(p$m) + mean(p$m),
  range = unname(quantile(p$m, c(.05, .95))), wide = at(wide, pick(wide, "xz:mz")))
p <- complete("y", "x", "partner", K); p$xz <- z(p$x)
m <- lm(z(y) ~ xz * partner + age + gender, p); V <- hc(m)
slopes <- as.data.frame(summary(emtrends(m, ~ partner, var = "xz", vcov. = V), infer = TRUE))
out$groups <- list(reference = levels(p$partner)[1], terms = lapply(grep("xz:", names(coef(m)), value = TRUE), function(t) at(m, pick(m, t))),
  joint = joint(m, t(sapply(grep("xz:", names(coef(m)), value = TRUE), function(t) pick(m, t)))),
  levels = as.character(slopes$partner), slopes = slopes$xz.trend, slopes_low = slopes$lower.CL)

# --- indirect association --------------------------------------------------------------------------------------------------------
p <- complete("y", "x", "med", K)
first <- lm(z(med) ~ z(x) + age + gender, p); second <- lm(z(y) ~ z(med) + z(x) + age + gender, p)
total <- lm(z(y) ~ z(x) + age + gender, p)
a <- at(first, pick(first, "z(x)")); b <- at(second, pick(second, "z(med)"))
ab <- function(data, rows) { q <- data[rows, ]
  coef(lm(z(med) ~ z(x) + age + gender, q))[[2]] * coef(lm(z(y) ~ z(med) + z(x) + age + gender, q))[[2]] }
bt <- boot(p, ab, 4000); ci <- boot.ci(bt, conf = c(.90, .95), type = "perc")$percent
cdf <- function(q) integrate(function(u) dnorm(u, a$estimate, a$se) *
  ifelse(u > 0, pnorm(q / u, b$estimate, b$se), pnorm(q / u, b$estimate, b$se, lower.tail = FALSE)),
  a$estimate - 9 * a$se, a$estimate + 9 * a$se, rel.tol = 1e-10, subdivisions = 2000)$value
mc <- sapply(c(.025, .975, .05, .95), function(s) uniroot(function(q) cdf(q) - s, a$estimate * b$estimate + c(-.5, .5), tol = 1e-10)$root)
out$mediation <- list(a = a, b = b, direct = at(second, pick(second, "z(x)")), total = at(total, pick(total, "z(x)")),
  estimate = bt$t0, se = sd(bt$t), R = bt$R, ci90 = ci[1, 4:5], ci95 = ci[2, 4:5], monte_carlo = mc)

# --- paired and group contrasts, shares ---------------------------------------------------------------------------------------------
ends <- function(t, df, level) sapply(c(1 - (1 - level) / 2, (1 - level) / 2), function(s)
  uniroot(function(ncp) pt(t, df, ncp) - s, t + c(-10, 10), tol = 1e-12)$root)
p <- complete("hurt_a", "hurt_o"); tt <- t.test(p$hurt_a, p$hurt_o, paired = TRUE); n <- nrow(p)
t <- tt$statistic[[1]]
out$paired <- list(dz = t / sqrt(n), n = n, statistic = t, p = tt$p.value, ci95 = ends(t, n - 1, .95) / sqrt(n),
  ci90 = ends(t, n - 1, .90) / sqrt(n), difference = tt$estimate[[1]], difference_ci = tt$conf.int[1:2],
  p_equivalence = max(pt(t, n - 1, -.2 * sqrt(n), lower.tail = FALSE), pt(t, n - 1, .2 * sqrt(n))))
p <- complete("y", "no_partner"); g1 <- p$y[p$no_partner == 1]; g0 <- p$y[p$no_partner == 0]
st <- t.test(g1, g0, var.equal = TRUE); we <- t.test(g1, g0); s <- sqrt(1 / length(g1) + 1 / length(g0))
t <- st$statistic[[1]]; df <- st$parameter[[1]]
out$group <- list(d = t * s, statistic = t, df = df, p = st$p.value, ci95 = ends(t, df, .95) * s, ci90 = ends(t, df, .90) * s,
  welch = list(estimate = diff(rev(we$estimate))[[1]], se = we$stderr, df = we$parameter[[1]], p = we$p.value,
               ci_low = we$conf.int[1], ci_high = we$conf.int[2]),
  p_equivalence = max(pt(t, df, -.2 / s, lower.tail = FALSE), pt(t, df, .2 / s)))
v <- na.omit(d$reason); pr <- prop.test(sum(v >= 3), length(v), p = .5, correct = FALSE)
out$share <- list(estimate = pr$estimate[[1]], ci = pr$conf.int[1:2], p = pr$p.value,
  ci90 = prop.test(sum(v >= 3), length(v), correct = FALSE, conf.level = .90)$conf.int[1:2])

# --- diagnostics -----------------------------------------------------------------------------------------------------------------------
p <- complete("y", "x", "m", K); m <- lm(z(y) ~ z(x) + z(m) + z(age) + gender, p); n <- nrow(p)
e <- resid(m); s2 <- mean(e^2); sk <- mean(e^3) / s2^1.5; ku <- mean(e^4) / s2^2
bp <- n * summary(lm(e^2 ~ x + m + age + gender, p))$r.squared
sq <- lm(z(y) ~ z(x) + I(z(x)^2) + z(m) + z(age) + gender, p); d1 <- dfbetas(m)[, "z(x)"]; ck <- cooks.distance(m)
drop10 <- function(v) order(abs(v))[1:(n - 10)]
p$yz <- z(p$y); p$xz <- z(p$x); p$mz <- z(p$m); p$az <- z(p$age)
refit <- function(rows) { q <- lm(yz ~ xz + mz + az + gender, p[rows, ]); at(q, pick(q, "xz")) }
M <- model.matrix(m)[, -1]; vif <- sapply(1:ncol(M), function(j) 1 / (1 - summary(lm(M[, j] ~ M[, -j]))$r.squared))
names(vif) <- colnames(M); own <- 4:5
gvif <- sqrt(det(cor(M[, own])) * det(cor(M[, -own])) / det(cor(M))); cen <- scale(M[, -1], scale = FALSE)
pr <- lm(p$yz ~ p$xz + cen + p$xz:cen); ip <- grep("xz:", names(coef(pr)))
rl <- rlm(z(y) ~ z(x) + z(m) + z(age) + gender, p, psi = psi.huber, maxit = 500, acc = 1e-12)
out$diagnostics <- list(n = n, beta = coef(m)[[2]], jarque_bera = n / 6 * (sk^2 + (ku - 3)^2 / 4), huber = coef(rl)[[2]],
  breusch_pagan = bp, bp_df = 5, classical = confint(m)["z(x)", ], square = at(sq, pick(sq, "I(z(x)^2)")),
  beside_square = at(sq, pick(sq, "z(x)")), dfbetas = max(abs(d1)), cook = max(ck), without = refit(drop10(d1)),
  without_cook = refit(drop10(ck)), vif = as.list(vif), gvif = gvif, without_gender = { q <- lm(yz ~ xz + mz + az, p); at(q, pick(q, "xz")) }, alone = { q <- lm(yz ~ xz, p); at(q, pick(q, "xz")) },
  products = joint(pr, t(sapply(ip, function(j) pick(pr, j)))), at_means = at(pr, pick(pr, "p$xz")))
cu <- lm(yz ~ xz * mz + I(xz^2) + I(mz^2) + az + gender, p); mo <- lm(yz ~ xz * mz + az + gender, p)
d2 <- dfbetas(mo)[, "xz:mz"]; kept <- order(abs(d2))[1:(n - 10)]
fewer <- lm(yz ~ xz + mz + I(p$xz[kept] * p$mz[kept]) + az + gender, p[kept, ])
out$product <- list(estimate = coef(mo)[["xz:mz"]], squares = joint(cu, rbind(pick(cu, "I(xz^2)"), pick(cu, "I(mz^2)"))),
  beside = at(cu, pick(cu, "xz:mz")), dfbetas = max(abs(d2)), without = at(fewer, pick(fewer, names(coef(fewer))[4])))
out$versions <- c(list(R = as.character(getRversion())), sapply(c("sandwich", "MASS", "boot", "emmeans", "splines", "quadprog",
  "jsonlite"), function(q) as.character(packageVersion(q)), simplify = FALSE))
write_json(out, "people.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")

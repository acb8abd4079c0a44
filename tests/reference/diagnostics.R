# Reference values for the diagnostics of rejsens.inference, made once:  Rscript diagnostics.R  (in this folder)
# Reads panel_waves.csv and people.csv and writes diagnostics.json. Mixed models by lme4; what they say of one person, the
# clustered errors and the score test of autocorrelation by dense matrices from the definitions.
suppressMessages({library(lmerTest); library(jsonlite)})
d <- read.csv("panel_waves.csv")
sdw <- function(v, id) sqrt(sum((v - ave(v, id))^2) / (length(v) - length(unique(id))))
sdb <- function(v, id) sd(tapply(v, id, mean))
skew <- function(v) mean((v - mean(v))^3) / mean((v - mean(v))^2)^1.5
kurt <- function(v) mean((v - mean(v))^4) / mean((v - mean(v))^2)^2 - 3
exact <- lmerControl(optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-12))
fixed <- function(m, name) { s <- coef(summary(m))[name, ]; list(estimate = s[[1]], se = s[[2]], df = s[[3]]) }
p <- na.omit(d[c("participant", "wave", "wave_number", "x", "y", "o")]); id <- p$participant
p$ys <- (p$y - mean(p$y)) / sdw(p$y, id); p$xw <- (p$x - ave(p$x, id)) / sdw(p$x, id)
xm <- ave(p$x, id); p$xb <- (xm - mean(xm)) / sdb(p$x, id); p$ob <- ave(p$o, id); p$ow <- p$o - p$ob
f <- ys ~ wave + ob + ow + xb + xw
simple <- lmer(update(f, . ~ . + (1 | participant)), p, control = exact)
m <- lmer(update(f, . ~ . + (xw | participant)), p, control = exact)
out <- list(n = nrow(p), people = length(unique(id)), numbers = fixed(m, "xw"), simple = fixed(simple, "xw"))

# --- shapes, equal variances, collinearity, curve, slope -----------------------------------------------------------------
e <- residuals(m); u <- ranef(m)$participant; X <- getME(m, "X")
out$residuals <- c(skew(e), kurt(e)); out$intercepts <- c(skew(u[[1]]), kurt(u[[1]])); out$slopes <- c(skew(u[[2]]), kurt(u[[2]]))
aux <- summary(lm(e^2 ~ X[, -1])); out$koenker <- nrow(p) * aux$r.squared
V <- cov2cor(as.matrix(vcov(m))[-1, -1]); out$inflation <- solve(V)["xw", "xw"] * V["xw", "xw"]
p$square <- p$xw^2 - mean(p$xw^2)
curved <- lmer(ys ~ wave + ob + ow + xb + xw + square + (xw | participant), p, control = exact)
out$curve <- list(t = coef(summary(curved))["square", "t value"], instead = fixed(curved, "xw"))
ratio <- 2 * as.numeric(logLik(m) - logLik(simple))
out$slope <- list(ratio = ratio, p = mean(pchisq(ratio, 1:2, lower.tail = FALSE)))

# --- one person, by leaving out their rows: variances held, and refitted ---------------------------------------------------
Z <- getME(m, "Z"); L <- getME(m, "Lambda"); s2 <- sigma(m)^2
W <- as.matrix(solve(s2 * (Z %*% L %*% t(L) %*% t(Z) + Matrix::Diagonal(nrow(p))))); y <- p$ys
gls <- function(k) drop(solve(t(X[k, ]) %*% W[k, k] %*% X[k, ], t(X[k, ]) %*% W[k, k] %*% y[k]))  # V is block diagonal by person
b <- gls(seq_along(y)); A <- t(X) %*% W %*% X; se <- sqrt(solve(A)["xw", "xw"])
who <- unique(id)
held <- sapply(who, function(i) (b[["xw"]] - gls(which(id != i))[["xw"]]) / se)
again <- lme4::lmer(update(f, . ~ . + (xw | participant)), p, control = exact)
full <- influence(again, groups = "participant")[["fixed.effects[-participant]"]]
refitted <- (fixef(m)[["xw"]] - full[who, "xw"]) / se
top <- who[order(abs(held), decreasing = TRUE)[1:10]]
less <- update(m, data = p[!(id %in% top), ])
out$influence <- list(held = unname(held), refitted = unname(refitted), without_ten = fixed(less, "xw"))
large <- order(abs(e), decreasing = TRUE)[1:10]
out$without_rows <- fixed(update(m, data = p[-large, ]), "xw")

# --- person-clustered errors, person fixed effects, autocorrelation --------------------------------------------------------
r <- y - drop(X %*% b)
moved <- held * se; G <- length(who)  # by leaving out each person's rows, the variances held
out$clustered <- list(se = sqrt(sum(moved^2) * (G - 1) / G), df = sum(table(id) > 1) - 1)
same <- outer(id, id, "=="); near <- same & abs(outer(p$wave_number, p$wave_number, "-")) == 1
score <- function(m, slope) {
  Z <- getME(m, "Z"); L <- getME(m, "Lambda"); s2 <- sigma(m)^2
  W <- as.matrix(solve(s2 * (Z %*% L %*% t(L) %*% t(Z) + Matrix::Diagonal(nrow(p)))))
  P <- W - W %*% X %*% solve(t(X) %*% W %*% X) %*% t(X) %*% W
  D <- list(s2 * near, diag(nrow(p)), same * 1)
  if (slope) D <- c(D, list(same * outer(p$xw, rep(1, nrow(p))) + same * outer(rep(1, nrow(p)), p$xw), same * outer(p$xw, p$xw)))
  WD <- lapply(D, function(M) W %*% M)
  I <- sapply(WD, function(a) sapply(WD, function(c) sum(a * t(c)) / 2))
  U <- drop(t(y) %*% P %*% D[[1]] %*% P %*% y) / 2 - sum(P * D[[1]]) / 2
  left <- I[1, 1] - I[1, -1] %*% solve(I[-1, -1], I[-1, 1])
  list(rho = drop(U / left), z = drop(U / sqrt(left)))
}
out$autocorrelation <- list(intercept = score(simple, FALSE), slope = score(m, TRUE))
ar <- nlme::lme(f, p, random = ~ 1 | participant, correlation = nlme::corAR1(form = ~ wave_number | participant))
out$autocorrelation$lme <- coef(ar$modelStruct$corStruct, unconstrained = FALSE)[[1]]
q <- p[ave(p$xw, id, FUN = length) > 1, ]; dev <- function(v) v - ave(v, q$participant)
D <- data.frame(y = dev(q$ys), xw = dev(q$xw), ow = dev(q$ow), sapply(sort(unique(q$wave))[-1], function(l) dev((q$wave == l) * 1)))
fe <- lm(y ~ 0 + ., D); each <- unique(q$participant)
moved <- sapply(each, function(i) coef(fe)[["xw"]] - coef(lm(y ~ 0 + ., D[q$participant != i, ]))[["xw"]])
B <- solve(crossprod(model.matrix(fe))); M <- rowsum(model.matrix(fe) * resid(fe), q$participant); G <- nrow(M)
out$fixed_effects <- list(estimate = coef(fe)[["xw"]], largest = max(abs(moved)) / sqrt((B %*% crossprod(M) %*% B)["xw", "xw"] * G / (G - 1)))

# --- people of one wave ----------------------------------------------------------------------------------------------------
w <- read.csv("people.csv"); g <- w[!is.na(w$y) & w$partner %in% c(1, 2), ]
a <- abs(g$y - ave(g$y, g$partner, FUN = median)); t1 <- anova(lm(a ~ factor(g$partner)))
pooled <- sqrt(sum((g$y - ave(g$y, g$partner))^2) / (nrow(g) - 2)); welch <- t.test(y ~ partner, g)
out$groups <- list(f = t1[["F value"]][1], p = t1[["Pr(>F)"]][1], low = welch$conf.int[1] / pooled, high = welch$conf.int[2] / pooled)
k <- na.omit(w[c("x", "y")]); out$ranks <- cor(k$x, k$y, method = "spearman")
out$versions <- list(R = R.version.string, lme4 = as.character(packageVersion("lme4")), lmerTest = as.character(packageVersion("lmerTest")),
                     nlme = as.character(packageVersion("nlme")))
write(toJSON(out, auto_unbox = TRUE, digits = 12, pretty = TRUE, na = "null"), "diagnostics.json")

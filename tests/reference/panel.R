# Reference values for the panel and event models of rejsens.inference, made once:  Rscript panel.R  (in this folder)
# Reads panel_waves.csv and panel_events.csv (made by panel_data.py) and writes panel.json.
suppressMessages({library(lmerTest); library(lavaan); library(sandwich); library(jsonlite)})
d <- read.csv("panel_waves.csv"); ev <- read.csv("panel_events.csv")
d$gender <- relevel(factor(d$gender), names(which.max(table(d$gender))))
quiet <- function(e) suppressWarnings(suppressMessages(e))
sdw <- function(v, id) sqrt(sum((v - ave(v, id))^2) / (length(v) - length(unique(id))))
sdb <- function(v, id) sd(tapply(v, id, mean))
parts <- function(p, names) {
  for (v in names) { p[[paste0(v, "_b")]] <- ave(p[[v]], p$participant); p[[paste0(v, "_w")]] <- p[[v]] - p[[paste0(v, "_b")]] }
  p
}
row <- function(b, se, df = NA) list(estimate = unname(b), se = unname(se), df = unname(df))
fixed <- function(m, name, scale = 1) { s <- coef(summary(m))[name, ]; row(s[[1]] * scale, s[[2]] * scale, s[[3]]) }
combined <- function(m, L, scale = 1) {
  v <- rep(0, length(fixef(m))); v[match(names(L), names(fixef(m)))] <- L
  s <- contest1D(m, v); row(s[["Estimate"]] * scale, s[["Std. Error"]] * scale, s[["df"]])
}
exact <- lmerControl(optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-12))
clustered <- function(m, id) {  # jackknife over people: each left out, the variances held
  X <- getME(m, "X"); y <- getME(m, "y"); ZL <- as.matrix(getME(m, "Z") %*% getME(m, "Lambda")); k <- split(seq_along(y), id)
  parts <- lapply(k, function(i) { W <- solve(diag(length(i)) + tcrossprod(ZL[i, , drop = FALSE])); x <- X[i, , drop = FALSE]
    list(A = t(x) %*% W %*% x, c = t(x) %*% W %*% y[i]) })
  A <- Reduce(`+`, lapply(parts, `[[`, "A")); c <- Reduce(`+`, lapply(parts, `[[`, "c")); b <- solve(A, c)
  moved <- sapply(parts, function(p) drop(b - solve(A - p$A, c - p$c))); G <- length(k)
  list(b = drop(b), V = tcrossprod(moved) * (G - 1) / G, df = sum(lengths(k) > 1) - 1, people = G)
}
of_person <- function(f, w, scale = 1, df = f$df) {
  L <- setNames(rep(0, length(f$b)), names(f$b)); L[names(w)] <- w; se <- sqrt(drop(L %*% f$V %*% L))
  row(sum(L * f$b) * scale, se * scale, df)
}
out <- list()

# --- events ------------------------------------------------------------------------------------------------------------
e <- na.omit(ev[c("participant", "wave", "event", "came_first", "severity", "hurt", "ambiguity", "intent")])
e$kind <- (e$event == "unclear") * 1; e$occasion <- paste(e$participant, e$wave)
e <- parts(e, c("kind", "severity", "came_first", "ambiguity", "intent"))
m <- lmer(hurt ~ wave + severity_b + severity_w + came_first_b + came_first_w + kind_b + kind_w + (1 | participant) + (1 | occasion), e,
          control = exact)
k <- clustered(m, e$participant)
out$event_contrast <- list(dz = of_person(k, c(kind_w = 1), 1 / (sqrt(2) * sigma(m))), b = of_person(k, c(kind_w = 1)), n = nrow(e),
                           n_people = length(unique(e$participant)))
m <- lmer(hurt ~ wave + severity_b + severity_w + kind_b + kind_w + ambiguity_b + ambiguity_w + (1 | participant) + (1 | occasion), e,
          control = exact)
s <- sdw(e$ambiguity, e$participant) / sdw(e$hurt, e$participant)
k <- clustered(m, e$participant)
out$event_association <- list(within = of_person(k, c(ambiguity_w = 1), s), between = of_person(k, c(ambiguity_b = 1),
  sdb(e$ambiguity, e$participant) / sdb(e$hurt, e$participant), k$people - 1))
w1 <- ev[ev$wave == "w1", c("participant", "event", "hurt")]
pairs <- merge(w1[w1$event == "unclear", ], w1[w1$event == "clear", ], by = "participant")
t1 <- t.test(pairs$hurt.x, pairs$hurt.y, paired = TRUE); dif <- pairs$hurt.x - pairs$hurt.y
out$paired <- list(dz = mean(dif) / sd(dif), statistic = t1$statistic[[1]], p = t1$p.value, df = t1$parameter[[1]])

# --- cross-level interaction ---------------------------------------------------------------------------------------------
p <- d; m1 <- d[d$wave == "w1" & !is.na(d$m), c("participant", "m")]; p$m <- m1$m[match(p$participant, m1$participant)]
p <- parts(na.omit(p[c("participant", "wave", "x", "y", "o", "age", "gender", "m")]), c("x", "o"))
people <- p[!duplicated(p$participant), ]
p$mz <- (p$m - mean(people$m)) / sd(people$m); p$xw <- p$x_w / sdw(p$x, p$participant); p$ys <- p$y / sdw(p$y, p$participant)
p$xb <- (p$x_b - mean(p$x_b)) / sdb(p$x, p$participant)
f <- ys ~ wave + age + gender + o_b + o_w + xb + xw + mz + xw:mz + xb:mz
m <- lmer(update(f, . ~ . + (xw | participant)), p, control = exact)
out$cross_level <- list(interaction = fixed(m, "xw:mz"), mean = fixed(m, "xw"), low = combined(m, c(xw = 1, "xw:mz" = -1)),
                        high = combined(m, c(xw = 1, "xw:mz" = 1)), n = nrow(p), n_people = nrow(people))
p$product <- p$xw * p$mz; q <- p[ave(p$xw, p$participant, FUN = length) > 1, ]
dev <- function(v) v - ave(v, q$participant)
D <- data.frame(y = dev(q$ys), xw = dev(q$xw), xm = dev(q$product), o = dev(q$o), sapply(levels(factor(q$wave))[-1], function(l) dev((q$wave == l) * 1)))
m <- lm(y ~ 0 + ., D); G <- length(unique(q$participant))
out$cross_level$clustered <- row(coef(m)[["xm"]], sqrt(vcovCL(m, q$participant, type = "HC0", cadjust = TRUE)["xm", "xm"]), G - 1)

# --- contrasts of within coefficients ------------------------------------------------------------------------------------
p <- parts(na.omit(d[c("participant", "wave", "x", "cold", "y", "o", "age", "gender")]), c("x", "cold", "o")); id <- p$participant
p$xs <- p$x_w / sdw(p$x, id); p$cs <- p$cold_w / sdw(p$cold, id); p$ys <- p$y / sdw(p$y, id)
m <- lmer(ys ~ wave + age + gender + o_b + o_w + x_b + cold_b + xs + cs + (1 | participant), p, control = exact)
k <- clustered(m, p$participant)
out$contrast_predictors <- list(difference = of_person(k, c(xs = 1, cs = -1)), x = of_person(k, c(xs = 1)), cold = of_person(k, c(cs = 1)))
p <- d; some <- rowSums(!is.na(p[c("x", "cold", "source")])) > 0
for (v in c("x", "source")) { p[[paste0("no_", v)]] <- (is.na(p[[v]]) & some) * 1; p[[v]][is.na(p[[v]]) & some] <- 0 }
p <- parts(na.omit(p[c("participant", "wave", "x", "cold", "source", "no_x", "no_source", "y")]), c("x", "cold", "source", "no_x", "no_source"))
id <- p$participant
p$xs <- p$x_w / sdw(p$x, id); p$cs <- p$cold_w / sdw(p$cold, id); p$ss <- p$source_w / sdw(p$source, id); p$ys <- p$y / sdw(p$y, id)
m <- lmer(ys ~ wave + no_x_b + no_x_w + no_source_b + no_source_w + x_b + cold_b + source_b + xs + cs + ss + (1 | participant), p, control = exact)
k <- clustered(m, id); G <- k$df + 1
L <- matrix(0, 2, length(k$b)); colnames(L) <- names(k$b); L[1, c("xs", "cs")] <- c(1, -1); L[2, c("xs", "ss")] <- c(1, -1)
w <- drop(t(L %*% k$b) %*% solve(L %*% k$V %*% t(L), L %*% k$b)) * (G - 2) / ((G - 1) * 2)
out$sources <- list(xc = of_person(k, c(xs = 1, cs = -1)), xs = of_person(k, c(xs = 1, ss = -1)), cs = of_person(k, c(cs = 1, ss = -1)),
                    source = of_person(k, c(ss = 1)), wald = list(statistic = w, df = G - 2, p = pf(w, 2, G - 2, lower.tail = FALSE)), n = nrow(p))
p <- parts(na.omit(d[c("participant", "wave", "x", "y", "second")]), "x"); id <- p$participant
p$difference <- p$y / sdw(p$y, id) - p$second / sdw(p$second, id); s <- sdw(p$x, id)
m <- lmer(difference ~ wave + x_b + x_w + (1 | participant), p, control = exact)
out$contrast_outcomes <- fixed(m, "x_w", s)

# --- exposure before and now -----------------------------------------------------------------------------------------------
p <- d[order(d$participant, d$wave_number), ]; p$before <- NA
for (i in seq_len(nrow(p))) {
  earlier <- p$x[p$participant == p$participant[i] & p$wave_number < p$wave_number[i]]
  if (any(!is.na(earlier))) p$before[i] <- mean(earlier, na.rm = TRUE)
}
p <- parts(na.omit(p[c("participant", "wave", "x", "before", "y")]), c("x", "before")); id <- p$participant
m <- lmer(y ~ wave + before_b + x_b + before_w + x_w + (1 | participant), p, control = exact); sy <- sdw(p$y, id)
k <- clustered(m, id)
out$cumulative <- list(before = of_person(k, c(before_w = 1), sdw(p$before, id) / sy), now = of_person(k, c(x_w = 1), sdw(p$x, id) / sy), n = nrow(p))

# --- panels as structural equations ----------------------------------------------------------------------------------------
wide <- reshape(d[c("participant", "wave_number", "x", "y", "o")], idvar = "participant", timevar = "wave_number", direction = "wide", sep = "")
wide[paste0("y", 1:5)] <- wide[paste0("y", 1:5)] / 5  # lavaan does not converge otherwise; nothing below has units of y
tight <- list(missing = "ml", meanstructure = TRUE, auto.fix.first = FALSE, em.h1.tol = 1e-10, em.h1.iter.max = 5000)
fit <- function(model, estimator, data = wide) {  # again from where the last search ended, as long as that still converges
  best <- quiet(do.call("lavaan", c(list(model, data, estimator = estimator, control = list(rel.tol = 1e-10, iter.max = 5000)), tight)))
  if (!lavInspect(best, "converged")) return(best)
  for (tolerance in c(1e-11, 1e-12, 1e-13)) {
    again <- quiet(do.call("lavaan", c(list(model, data, estimator = estimator, start = best, control = list(rel.tol = tolerance)), tight)))
    if (!lavInspect(again, "converged")) break
    best <- again
  }
  best
}
delta <- function(m, g) {
  b <- coef(m); keep <- !duplicated(names(b)); V <- vcov(m)[keep, keep]; b <- b[keep]
  slope <- sapply(seq_along(b), function(k) { h <- rep(0, length(b)); h[k] <- 1e-5 * sqrt(V[k, k]); (g(b + h) - g(b - h)) / (2 * h[k]) })
  row(g(b), sqrt(c(slope %*% V %*% slope)))
}
riclpm <- function(waves, equal) {
  lab <- function(l, t) if (equal) paste0(l, "*") else sprintf("%s%d*", l, t)
  T <- seq_along(waves)
  c(sprintf("rx =~ %s", paste0("1*x", waves, collapse = " + ")), sprintf("ry =~ %s", paste0("1*y", waves, collapse = " + ")),
    sprintf("wx%d =~ 1*x%d\n wy%d =~ 1*y%d", T, waves, T, waves),
    sprintf("wx%d ~ %swx%d + %swy%d", T[-1], lab("axx", T[-1]), T[-1] - 1, lab("axy", T[-1]), T[-1] - 1),
    sprintf("wy%d ~ %swx%d + %swy%d", T[-1], lab("ayx", T[-1]), T[-1] - 1, lab("ayy", T[-1]), T[-1] - 1),
    sprintf("wx%d ~~ wx%d + wy%d\n wy%d ~~ wy%d", T, T, T, T, T), "rx ~~ rx + ry\n ry ~~ ry",
    sprintf("x%d ~ 1\n y%d ~ 1", waves, waves)) |> paste(collapse = "\n")
}
within <- function(b, T, equal) {  # covariances of the deviations at each wave
  W <- list(matrix(c(b[["wx1~~wx1"]], b[["wx1~~wy1"]], b[["wx1~~wy1"]], b[["wy1~~wy1"]]), 2))
  for (t in 2:T) {
    n <- if (equal) c("axx", "axy", "ayx", "ayy") else sprintf(c("axx%d", "axy%d", "ayx%d", "ayy%d"), t)
    B <- matrix(b[n], 2, byrow = TRUE); P <- sprintf(c("wx%d~~wx%d", "wx%d~~wy%d", "wy%d~~wy%d"), t, t)
    W[[t]] <- B %*% W[[t - 1]] %*% t(B) + matrix(b[P[c(1, 2, 2, 3)]], 2)
  }
  W
}
v <- function(b, T, equal, k) sapply(within(b, T, equal), function(W) W[k, k])
for (estimator in c("ML", "MLR")) {
  m <- fit(riclpm(1:5, TRUE), estimator); f <- fit(riclpm(1:5, FALSE), estimator); r <- quiet(lavTestLRT(m, f))
  chi <- if (estimator == "ML") c("chisq", "pvalue") else c("chisq.scaled", "pvalue.scaled")
  out$riclpm[[estimator]] <- list(
    forward = delta(m, function(b) b[["ayx"]] * sqrt(mean(v(b, 5, TRUE, 1)[1:4]) / mean(v(b, 5, TRUE, 2)[2:5]))),
    back = delta(m, function(b) b[["axy"]] * sqrt(mean(v(b, 5, TRUE, 2)[1:4]) / mean(v(b, 5, TRUE, 1)[2:5]))),
    carried = delta(m, function(b) b[["ayy"]] * sqrt(mean(v(b, 5, TRUE, 2)[1:4]) / mean(v(b, 5, TRUE, 2)[2:5]))),
    between = delta(m, function(b) b[["rx~~ry"]] / sqrt(b[["rx~~rx"]] * b[["ry~~ry"]])),
    within = delta(m, function(b) b[["wx1~~wy1"]] / sqrt(b[["wx1~~wx1"]] * b[["wy1~~wy1"]])),
    chi2 = fitMeasures(m, chi[1])[[1]], df = fitMeasures(m, "df")[[1]], p = fitMeasures(m, chi[2])[[1]],
    equality = list(statistic = r[2, "Chisq diff"], df = r[2, "Df diff"], p = r[2, "Pr(>Chisq)"]))
}
s <- standardizedSolution(f); s <- s[s$op == "~", ]
pick <- function(l, r) { k <- s$lhs == l & s$rhs == r; row(s$est.std[k], s$se[k]) }
out$riclpm$free <- list(pick("wy2", "wx1"), pick("wy3", "wx2"), pick("wy4", "wx3"), pick("wy5", "wx4"))
m <- fit(riclpm(1:3, FALSE), "ML"); out$riclpm$three_waves_df <- fitMeasures(m, "df")[[1]]

# three processes: exposure, then o, then y
n <- c("x", "o", "y"); T <- 1:5
three <- paste(c(sprintf("r%s =~ %s", n, sapply(n, function(v) paste0("1*", v, T, collapse = " + "))),
  sapply(n, function(v) sprintf("w%s%d =~ 1*%s%d", v, T, v, T)),
  sapply(n, function(v) sapply(n, function(u) sprintf("w%s%d ~ %s%s*w%s%d", v, T[-1], v, u, u, T[-1] - 1))),
  sapply(1:3, function(i) sapply(i:3, function(j) c(sprintf("w%s%d ~~ w%s%d", n[i], T, n[j], T), sprintf("r%s ~~ r%s", n[i], n[j])))),
  sapply(n, function(v) sprintf("%s%d ~ 1", v, T))) |> unlist(), collapse = "\n")
m <- fit(three, "MLR")
spreads <- function(b) {
  P <- function(t) outer(n, n, Vectorize(function(i, j) { k <- sprintf(c("w%s%d~~w%s%d"), c(i, j), t, c(j, i), t); b[[k[k %in% names(b)][1]]] }))
  B <- outer(n, n, Vectorize(function(i, j) b[[paste0(i, j)]])); W <- list(P(1)); for (t in 2:5) W[[t]] <- B %*% W[[t - 1]] %*% t(B) + P(t)
  sapply(W, diag)
}
path <- function(v, u) function(b) { S <- spreads(b); b[[paste0(v, u)]] * sqrt(mean(S[match(u, n), 1:4]) / mean(S[match(v, n), 2:5])) }
a <- delta(m, path("o", "x")); b <- delta(m, path("y", "o"))
sum2 <- delta(m, function(p) path("o", "x")(p) + path("y", "o")(p)); ab <- (sum2$se^2 - a$se^2 - b$se^2) / 2
set.seed(1); za <- rnorm(2e6); zb <- rnorm(2e6); r <- ab / (a$se * b$se)
draws <- (a$estimate + a$se * za) * (b$estimate + b$se * (r * za + sqrt(1 - r^2) * zb))
out$indirect <- list(a = a, b = b, direct = delta(m, path("y", "x")), sd = sd(draws), interval = unname(quantile(draws, c(.025, .975))))

dynamic <- paste(c(paste("f =~", paste0("1*y", 2:5, collapse = " + ")), sprintf("y%d ~ a*y%d + b*x%d + c*o%d", 2:5, 1:4, 1:4, 1:4),
  sprintf("y%d ~~ y%d", 2:5, 2:5), "f ~~ f + y1 + x1 + x2 + x3 + x4 + o1 + o2 + o3 + o4",
  "y2 ~~ x2 + x3 + x4 + o2 + o3 + o4\n y3 ~~ x3 + x4 + o3 + o4\n y4 ~~ x4 + o4",
  sapply(1:9, function(i) { n <- c("y1", paste0("x", 1:4), paste0("o", 1:4)); paste(n[i], "~~", paste(n[i:9], collapse = " + ")) }),
  sprintf("%s ~ 1", c(paste0("y", 1:5), paste0("x", 1:4), paste0("o", 1:4)))), collapse = "\n")
m <- fit(dynamic, "MLR")
long <- function(n) { k <- unlist(wide[paste0(n, 1:5)]); id <- rep(wide$participant, 5); sdw(k[!is.na(k)], id[!is.na(k)]) }
sx <- long("x") / long("y"); est <- parameterEstimates(m); est <- est[est$op == "~" & !duplicated(est$label), ]
one <- function(l, s = 1) row(est$est[est$label == l] * s, est$se[est$label == l] * s)
out$dynamic <- list(lagged = one("b", sx), carried = one("a"), chi2 = fitMeasures(m, "chisq.scaled")[[1]], df = fitMeasures(m, "df")[[1]])

base <- d[d$wave == "w1", ]; first <- base[match(wide$participant, base$participant), ]
every <- d[match(wide$participant, d$participant), ]
z <- function(v) (v - mean(v, na.rm = TRUE)) / sd(v, na.rm = TRUE)
wide$age <- z(every$age); wide$male <- (every$gender != levels(d$gender)[1]) * 1; wide$oz <- z(first$o)
n <- c("y1", "x1", "age", "oz")  # the change is y2 - y1: its regression on y1 has a coefficient one lower than that of y2
moments_of <- c(sapply(1:4, function(i) paste(n[i], "~~", paste(n[i:4], collapse = " + "))), paste(n, "~ 1"), "y2 ~ 1\n y2 ~~ y2")
some <- wide[!is.na(wide$y1) | !is.na(wide$y2), ]
m <- quiet(do.call("lavaan", c(list(paste(c("y2 ~ b*y1 + x1 + age + oz + male", paste(n, "~ male"), moments_of), collapse = "\n"), some,
                                    estimator = "MLR", fixed.x = TRUE, control = list(rel.tol = 1e-12)), tight)))
spread <- var(some$male) * (nrow(some) - 1) / nrow(some)
out$change <- list(beta = delta(m, function(b) b[["y2~x1"]] * sqrt((b[["x1~~x1"]] + b[["x1~male"]]^2 * spread) /
                                                                  (b[["y1~~y1"]] + b[["y1~male"]]^2 * spread))), n = lavInspect(m, "ntotal"))
m <- fit(paste(c("y2 ~ b*y1 + x1 + age + oz", moments_of), collapse = "\n"), "MLR", some)
moments <- function(b) {
  S <- outer(n, n, Vectorize(function(i, j) { k <- c(paste0(i, "~~", j), paste0(j, "~~", i)); b[[k[k %in% names(b)][1]]] }))
  g <- b[c("b", paste0("y2~", n[-1]))] - c(1, 0, 0, 0)
  list(mean = b[["y2~1"]] + sum(g * b[paste0(n, "~1")]), var = c(g %*% S %*% g) + b[["y2~~y2"]])
}
out$change$d <- delta(m, function(b) moments(b)$mean / sqrt(moments(b)$var))

# --- growth, recovery --------------------------------------------------------------------------------------------------------
curve <- function(scores) paste(c(paste("level =~", paste0("1*y", 1:5, collapse = " + ")), paste("slope =~", paste0(scores, "*y", 1:5, collapse = " + ")),
  "level ~~ level + slope\n slope ~~ slope\n level ~ 1\n slope ~ 1", sprintf("y%d ~~ e*y%d\n y%d ~ 0*1", 1:5, 1:5, 1:5)), collapse = "\n")
m <- fit(curve(0:4), "MLR"); sy <- long("y")
y <- d[!is.na(d$y), ]; y$time <- y$wave_number - 1
ratio <- 2 * (logLik(lmer(y ~ time + (time | participant), y, control = exact)) - logLik(lmer(y ~ time + (1 | participant), y, control = exact)))[[1]]
aic <- sapply(1:4, function(k) { s <- fit(curve(rep(0:1, c(k, 5 - k))), "MLR")
  if (lavInspect(s, "converged") && quiet(lavInspect(s, "post.check"))) AIC(s) + 2 else NA })
out$growth <- list(slope = delta(m, function(b) b[["slope~1"]] / sy), sd = delta(m, function(b) sqrt(b[["slope~~slope"]]) / sy),
  r = delta(m, function(b) b[["level~~slope"]] / sqrt(b[["slope~~slope"]] * b[["level~~level"]])), ratio = ratio,
  p = (pchisq(ratio, 1, lower.tail = FALSE) + pchisq(ratio, 2, lower.tail = FALSE)) / 2, aic = min(aic, na.rm = TRUE) - AIC(m),
  break_at = which.min(aic) + 1, chi2 = fitMeasures(m, "chisq.scaled")[[1]])

h <- d[!is.na(d$x), ]; h <- h[order(h$participant, h$wave_number), ]; s <- sdw(h$x, h$participant)
drop <- sapply(split(h, h$participant), function(g) { k <- which(diff(g$x) <= -s); if (length(k)) g$wave_number[k[1] + 1] else NA })
p <- d; p$d <- drop[p$participant]; p <- na.omit(p[c("participant", "wave_number", "y", "d", "age", "gender", "o")]); p <- parts(p, "o")
since <- p$wave_number - p$d; p$before <- pmin(since, 0); p$at <- (since >= 0) * 1; p$after <- pmax(since, 0); p$ys <- p$y / sdw(p$y, p$participant)
m <- lmer(ys ~ before + at + after + factor(d) + age + gender + o_b + o_w + (after | participant), p, control = exact)
out$recovery <- list(after = fixed(m, "after"), before = fixed(m, "before"), rise = fixed(m, "at"), difference = combined(m, c(after = 1, before = -1)),
                     n = nrow(p), n_people = length(unique(p$participant)), first = as.list(drop[1:12]))

# --- attrition -----------------------------------------------------------------------------------------------------------------
b <- na.omit(d[d$wave == "w1", c("participant", "y", "x", "age", "gender", "o")])
b$zy <- z(b$y); b$zx <- z(b$x); b$za <- z(b$age); b$zo <- z(b$o)
lost <- function(w, rows) !(b$participant %in% rows$participant[rows$wave == w])
g <- glm(lost("w5", d[!is.na(d$y), ]) ~ zy + zx + za + gender + zo, binomial, b, epsilon = 1e-12); s <- coef(summary(g))
out$attrition <- list(y = row(s[2, 1], s[2, 2]), x = row(s[3, 1], s[3, 2]), gender = row(s[5, 1], s[5, 2]), n = nrow(b))
p <- na.omit(d[d$participant %in% b$participant, c("participant", "wave", "x", "y", "o")]); p$weight <- 1
for (w in paste0("w", 2:5)) {
  gone <- lost(w, p); g <- glm(gone ~ zy + zx + za + gender + zo, binomial, b, epsilon = 1e-12)
  p$weight[p$wave == w] <- (mean(!gone) / (1 - fitted(g)))[match(p$participant[p$wave == w], b$participant)]
}
p <- p[ave(p$x, p$participant, FUN = length) > 1, ]
m <- lm(y ~ x + wave + o + factor(participant), p, weights = weight)
V <- vcovCL(m, p$participant, type = "HC0", cadjust = TRUE)["x", "x"]; s <- sdw(p$x, p$participant) / sdw(p$y, p$participant)
out$weighted <- c(row(coef(m)[["x"]] * s, sqrt(V) * s, length(unique(p$participant)) - 1), n = nrow(p), largest = max(p$weight))

out$versions <- list(R = R.version.string, lme4 = as.character(packageVersion("lme4")), lmerTest = as.character(packageVersion("lmerTest")),
                     lavaan = as.character(packageVersion("lavaan")), sandwich = as.character(packageVersion("sandwich")))
write(toJSON(out, auto_unbox = TRUE, digits = 12, pretty = TRUE, na = "null"), "panel.json")

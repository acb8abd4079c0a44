# What R makes of every declared hypothesis, complete cases (full information for structural equations).
# Rscript families.R FOLDER [exact|default] [all|rest|boot|ID ...]  (families_data.py writes FOLDER)
# Writes FOLDER/rows.csv, FOLDER/seconds.csv (processor time of each hypothesis) and FOLDER/versions.json.
# exact: tighter than R's defaults, to compare numbers; default: as R comes, to compare time. boot: with the bootstrap's companions.
suppressMessages({library(lmerTest); library(lavaan); library(sandwich); library(boot); library(jsonlite)})
args <- commandArgs(TRUE); folder <- args[1]; exact <- is.na(args[2]) || args[2] == "exact"
chosen <- args[-(1:2)]; companions <- "boot" %in% chosen; chosen <- setdiff(chosen, c("all", "boot"))
RNGversion("4.2.0"); set.seed(20268)
asked <- fromJSON(file.path(folder, "hypotheses.json"), simplifyVector = FALSE); draws <- asked$draws
waves_of <- read.csv(file.path(folder, "waves.csv")); events_of <- read.csv(file.path(folder, "events.csv"))
quiet <- function(e) suppressWarnings(suppressMessages(e))
rows <- list(); current <- NULL

# --- rows ------------------------------------------------------------------------------------------------------------------
add <- function(analysis, wave, outcome, term, metric, estimate = NA, se = NA, df = NA, ci = NULL, ci90 = NULL, statistic = estimate / se,
                people = NA, obs = people, model = "") {
  if (is.null(ci)) ci <- estimate + c(-1, 1) * qt(.975, df) * se
  if (is.null(ci90)) ci90 <- estimate + c(-1, 1) * qt(.95, df) * se
  rows[[length(rows) + 1]] <<- data.frame(hypothesis = current, analysis, wave, outcome, term, metric, model, estimate = unname(estimate),
    se = unname(se), df = unname(df), statistic = unname(statistic), ci_low = ci[[1]], ci_high = ci[[2]], ci90_low = ci90[[1]],
    ci90_high = ci90[[2]], n_people = people, n_obs = obs)
}
refuse <- function(analysis, wave, outcome, term, metric, people, obs) add(analysis, wave, outcome, term, metric, people = people, obs = obs)

# --- columns ---------------------------------------------------------------------------------------------------------------
z <- function(v) { s <- sd(v); if (s > 0) (v - mean(v)) / s else 0 * v }
person_mean <- function(v, id) unname((rowsum(v, id)[, 1] / tabulate(id))[id])
deviation <- function(v, id) v - person_mean(v, id)
sdw <- function(v, id) sqrt(sum(deviation(v, id)^2) / (length(v) - length(unique(id))))
sdb <- function(v, id) sd(person_mean(v, id)[!duplicated(id)])
people_of <- function(p) match(p$participant, unique(p$participant))
names_in <- function(cv) vapply(cv, `[[`, "", "name")
varies <- function(cv) Filter(function(c) isTRUE(c$varies), cv)
stays <- function(cv) Filter(function(c) !isTRUE(c$varies), cv)
columns <- function(p, cv) {  # numbers as z scores, categories as dummies against the most frequent
  found <- list()
  for (c in cv) {
    v <- p[[c$name]]
    if (c$type == "number") found[[c$name]] <- z(v)
    else { n <- table(v); for (l in names(n)[-which.max(n)]) found[[paste0(c$name, "_", make.names(l))]] <- (v == l) * 1 }
  }
  found
}
complete <- function(p, ...) p[complete.cases(p[c(...)]), , drop = FALSE]
carried <- function(p, cv) {
  id <- people_of(p)
  for (c in stays(cv)) { known <- which(!is.na(p[[c$name]])); p[[c$name]] <- p[[c$name]][known[match(id, id[known])]] }
  p
}
later_waves <- function(p) { w <- unique(p[order(p$wave_number), "wave"])[-1]; setNames(lapply(w, function(l) (p$wave == l) * 1), paste0("wave_", w)) }

# --- one wave --------------------------------------------------------------------------------------------------------------
regress <- function(p, ys, interest, cv, beside = list()) {  # interest, ys: functions of the analysed rows
  repeat {  # a person whom a category fits exactly is left out
    X <- as.data.frame(c(interest(p), beside, columns(p, cv))); X$y_ <- ys(p)
    m <- lm(y_ ~ ., X); exactly <- hatvalues(m) > 1 - 1e-8
    if (!any(exactly)) break
    p <- p[!exactly, ]; beside <- lapply(beside, function(v) v[!exactly])
  }
  list(m = m, V = vcovHC(m, "HC3"), p = p)
}
weighted <- function(f, w, ...) {
  b <- coef(f$m); b <- b[!is.na(b)]; L <- setNames(rep(0, length(b)), names(b)); L[names(w)] <- w
  add(..., estimate = sum(L * b), se = sqrt(c(L %*% f$V %*% L)), df = f$m$df.residual, people = nrow(f$p))
}
correlated <- function(f, name, n, analysis, wave, y, x, with_se) {
  s <- summary(f$m)$coefficients[name, 3]; df <- f$m$df.residual; r <- s / sqrt(s^2 + df); k <- n - 2 - df
  ends <- function(q) tanh(atanh(r) + c(-1, 1) * qnorm(q) / sqrt(n - 3 - k))
  add(analysis, wave, y, x, "r", r, if (with_se) sqrt((1 - r^2) / df) else NA, df, ends(.975), ends(.95), statistic = s, people = n)
}
in_wave <- function(p, wave, y, x, cv) {
  q <- complete(p, y, x, names_in(cv))
  f <- regress(q, function(p) z(p[[y]]), function(p) list(x_ = z(p[[x]])), cv)
  weighted(f, c(x_ = 1), "cross_sectional", wave, y, x, "beta")
  correlated(f, "x_", nrow(f$p), "cross_sectional", wave, y, x, FALSE)
  if (companions) bootstrapped(f, wave, y, x)
}
bootstrapped <- function(f, wave, y, x) {
  M <- model.matrix(f$m); yy <- f$m$model$y_; j <- match("x_", colnames(M))
  beta <- function(data, i) { v <- M[i, ]; w <- yy[i]; .lm.fit(v, w)$coefficients[j] * sd(v[, j]) / sd(w) }
  b <- boot(seq_along(yy), beta, draws); jack <- sapply(seq_along(yy), function(i) beta(NULL, -i))
  ci <- boot.ci(b, conf = c(.90, .95), type = "bca", L = mean(jack) - jack)$bca[, 4:5]
  add("cross_sectional_bootstrap", wave, y, x, "beta", b$t0, sd(b$t), NA, ci[2, ], ci[1, ], people = length(yy))
}
moderated <- function(p, wave, y, x, mod, cv) {
  cv <- Filter(function(c) !c$name %in% c(x, mod), cv); q <- complete(p, y, x, mod, names_in(cv))
  fit <- function(wide) regress(q, function(p) z(p[[y]]), function(p) {
    a <- z(p[[x]]); b <- z(p[[mod]]); own <- list(x_ = a, product_ = a * b, m_ = b)
    if (wide) { k <- columns(p, cv); own <- c(own, setNames(lapply(k, `*`, a), paste0("x_", names(k))), setNames(lapply(k, `*`, b), paste0("m_", names(k)))) }
    own }, cv)
  f <- fit(FALSE)
  weighted(f, c(product_ = 1), "moderation", wave, y, paste0(x, ":", mod), "beta")
  for (k in -1:1) weighted(f, c(x_ = 1, product_ = k), "moderation", wave, y, sprintf("%s | %s %+d SD", x, mod, k), "beta")
  b <- coef(f$m); v <- f$V; t2 <- qt(.975, f$m$df.residual)^2; i <- c("x_", "product_")
  A <- b[[i[2]]]^2 - t2 * v[i[2], i[2]]; B <- 2 * (b[[i[1]]] * b[[i[2]]] - t2 * v[i[1], i[2]]); C <- b[[i[1]]]^2 - t2 * v[i[1], i[1]]
  root <- if (B^2 < 4 * A * C) numeric() else sort((-B + c(-1, 1) * sqrt(B^2 - 4 * A * C)) / (2 * A))
  root <- root * sd(f$p[[mod]]) + mean(f$p[[mod]]); ends <- quantile(f$p[[mod]], c(.05, .95)); root <- root[root >= ends[1] & root <= ends[2]]
  for (v in if (length(root)) root else NA) add("moderation", wave, y, paste0(x, " | ", mod, " bound"), "johnson_neyman", v, people = nrow(f$p))
  if (length(cv)) weighted(fit(TRUE), c(product_ = 1), "moderation", wave, y, paste0(x, ":", mod), "beta", model = "with products")
}

# --- waves -----------------------------------------------------------------------------------------------------------------
split_parts <- function(p, cv, id) {
  found <- c(later_waves(p), columns(p, stays(cv))); v <- columns(p, varies(cv))
  for (n in names(v)) { found[[paste0(n, "_b")]] <- z(person_mean(v[[n]], id)); found[[paste0(n, "_w")]] <- deviation(v[[n]], id) }
  found
}
prepare <- function(p, y, x, cv) {
  q <- complete(p, y, x, names_in(cv)); id <- people_of(q); v <- q[[x]]; mean_x <- person_mean(v, id)
  d <- as.data.frame(c(list(xw = deviation(v, id) / sdw(v, id), xb = (mean_x - mean(mean_x)) / sdb(v, id)), split_parts(q, cv, id)))
  d <- d[vapply(d, function(v) diff(range(v)) > 1e-9, NA)]  # a source that nobody gains or loses has no within part
  list(d = d, y = q[[y]] / sdw(q[[y]], id), id = id, q = q, scale_b = sdw(q[[y]], id) / sdb(q[[y]], id), people = max(id), obs = nrow(q))
}
control <- if (exact) lmerControl(check.rankX = "silent.drop.cols", optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 20000)) else
  lmerControl(check.rankX = "silent.drop.cols")
mixed <- function(w, random = "(1 | id)", d = w$d) {
  d$y_ <- w$y; d$id <- factor(w$id); if (!is.null(w$occasion)) d$occasion <- factor(w$occasion)
  quiet(lmer(reformulate(c(setdiff(names(d), c("y_", "id", "occasion")), random), "y_"), d, control = control))
}
coefficients_of <- function(m) coef(summary(m))
fixed <- function(s, name, ..., scale = 1) add(..., estimate = s[name, 1] * scale, se = s[name, 2] * scale, df = s[name, 3])
contrast <- function(m, w, ..., scale = 1) {
  L <- setNames(rep(0, length(fixef(m))), names(fixef(m))); L[names(w)] <- w; s <- contest1D(m, L)
  add(..., estimate = s[["Estimate"]] * scale, se = s[["Std. Error"]] * scale, df = s[["df"]])
}
clustered <- function(m, id) {  # jackknife over people: each left out, the variances held
  X <- getME(m, "X"); y <- getME(m, "y"); ZL <- getME(m, "Z") %*% getME(m, "Lambda"); k <- split(seq_along(y), id)
  parts <- lapply(k, function(i) { W <- solve(diag(length(i)) + as.matrix(tcrossprod(ZL[i, , drop = FALSE]))); x <- X[i, , drop = FALSE]
    list(A = t(x) %*% W %*% x, c = t(x) %*% W %*% y[i]) })
  A <- Reduce(`+`, lapply(parts, `[[`, "A")); c <- Reduce(`+`, lapply(parts, `[[`, "c")); b <- solve(A, c)
  moved <- sapply(parts, function(p) drop(b - solve(A - p$A, c - p$c))); G <- length(k)
  list(b = drop(b), V = tcrossprod(moved) * (G - 1) / G, df = sum(lengths(k) > 1) - 1, people = G)
}
of_person <- function(f, w, ..., scale = 1, df = f$df) {
  L <- setNames(rep(0, length(f$b)), names(f$b)); L[names(w)] <- w
  add(..., estimate = sum(L * f$b) * scale, se = sqrt(drop(L %*% f$V %*% L)) * scale, df = df)
}
with_slope <- function(w, slope) {
  if (slope) { m <- mixed(w, "(1 + xw | id)"); if (!isSingular(m)) return(m) }
  mixed(w)
}
deviated <- function(w, d, weights = NULL) {  # least squares on deviations from person means, the last column's coefficient
  keep <- w$id %in% which(tabulate(w$id) > 1); id <- match(w$id[keep], unique(w$id[keep])); d <- cbind(d, y_ = w$y)[keep, ]
  k <- if (is.null(weights)) rep(1, nrow(d)) else weights[keep]; total <- rowsum(k, id)[, 1]
  D <- as.data.frame(lapply(d, function(v) v - (rowsum(v * k, id)[, 1] / total)[id]))
  D <- D[c(ncol(D) - 1, seq_len(ncol(D) - 2), ncol(D))]; X <- as.matrix(D[-ncol(D)])
  held <- which(colSums(X^2) > 1e-16 * pmax(colSums(as.matrix(d[names(D)[-ncol(D)]])^2), 1e-300))
  D <- D[c(held, ncol(D))]; D$k_ <- k; m <- lm(y_ ~ 0 + . - k_, D, weights = k_); G <- max(id)
  list(b = coef(m)[[1]], se = sqrt(vcovCL(m, id, type = "HC0", cadjust = TRUE)[1, 1]), df = G - 1, people = G, obs = nrow(D))
}
person_effects <- function(w, d, analysis, y, term, metric) {
  f <- deviated(w, d); add(analysis, "all", y, term, metric, f$b, f$se, f$df, people = f$people, obs = f$obs)
}
inverse_probability <- function(p, y, x, cv, all_waves) {
  held <- unique(p[!is.na(p[[y]]), c("wave", "wave_number")]); held <- held$wave[order(held$wave_number)]
  first <- complete(p[p$wave == held[1], ], y, x, names_in(cv)); L <- as.data.frame(c(list(y_ = z(first[[y]]), x_ = z(first[[x]])), columns(first, cv)))
  q <- complete(p, y, x, names_in(varies(cv))); q <- q[q$participant %in% first$participant & q$wave %in% held, ]; k <- rep(1, nrow(q))
  for (w in held[-1]) {
    here <- q$wave == w; kept <- first$participant %in% q$participant[here]
    if (min(sum(kept), sum(!kept)) < 10) next
    g <- quiet(glm(gone ~ ., binomial, cbind(L, gone = !kept), epsilon = 1e-12))
    if (any(pmin(fitted(g), 1 - fitted(g)) < 1e-8)) return(refuse("inverse_probability", "all", y, paste0(x, "_within"), "beta_within", 0, 0))  # separation
    k[here] <- (mean(kept) / (1 - fitted(g)))[match(q$participant[here], first$participant)]
  }
  more <- q$participant %in% q$participant[duplicated(q$participant)]; q <- q[more, ]; k <- k[more]; id <- people_of(q)
  v <- as.data.frame(c(later_waves(q), columns(q, varies(cv)))); v$x_ <- q[[x]]
  f <- deviated(list(y = q[[y]], id = id), v, k); s <- sdw(q[[x]], id) / sdw(q[[y]], id)
  add("inverse_probability", "all", y, paste0(x, "_within"), "beta_within", f$b * s, f$se * s, f$df, people = f$people, obs = f$obs)
}

association <- function(h, p, waves) {
  y <- h[["outcome"]]; x <- h[["predictor"]]; cv <- h[["covariates"]]
  if (length(waves) > 1) {
    stopifnot(length(waves) > 2)  # no hypothesis of the study rests on two
    w <- prepare(p, y, x, cv); s <- coefficients_of(with_slope(w, h[["random_slope"]])); within <- paste0(x, "_within")
    fixed(s, "xw", "within_between", "all", y, within, "beta_within", people = w$people, obs = w$obs)
    if ("xb" %in% rownames(s)) fixed(s, "xb", "within_between", "all", y, paste0(x, "_between"), "beta_between", scale = w$scale_b, people = w$people, obs = w$obs)
    person_effects(w, w$d[c(setdiff(names(w$d), "xw"), "xw")], "fixed_effects", y, within, "beta_within")
    inverse_probability(p, y, x, cv)
  }
  for (w in waves) in_wave(p[p$wave == w, ], w, y, x, cv)
  if (isTRUE(h[["counts"]])) counted(p[p$wave == waves[1] & p[[y]] %% 1 == 0, ], waves[1], y, x, cv)
}
counted <- function(p, wave, y, x, cv) {
  q <- complete(p, y, x, names_in(cv)); X <- as.data.frame(c(list(x_ = z(q[[x]])), columns(q, cv))); X$y_ <- q[[y]]
  s <- summary(MASS::glm.nb(y_ ~ ., X, control = glm.control(epsilon = 1e-12, maxit = 200)))$coefficients["x_", ]
  ends <- lapply(c(.975, .95), function(k) s[[1]] + c(-1, 1) * qnorm(k) * s[[2]])
  add("negative_binomial", wave, y, x, "log_rate", s[[1]], s[[2]], Inf, ends[[1]], ends[[2]], people = nrow(q))
  add("negative_binomial", wave, y, x, "rate_ratio", exp(s[[1]]), NA, Inf, exp(ends[[1]]), exp(ends[[2]]), statistic = s[[1]] / s[[2]], people = nrow(q))
}
correlation <- function(h, p, waves) {
  y <- h[["outcome"]]; x <- h[["predictor"]]; cv <- h[["covariates"]]
  if (length(waves) > 1) { w <- prepare(p, y, x, cv)
    person_effects(w, w$d[c(setdiff(names(w$d), "xw"), "xw")], "fixed_effects", y, paste0(x, "_within"), "beta_within") }
  for (w in waves) {
    f <- regress(complete(p[p$wave == w, ], y, x, names_in(cv)), function(p) z(p[[y]]), function(p) list(x_ = z(p[[x]])), cv)
    correlated(f, "x_", nrow(f$p), "partial_correlation", w, y, x, TRUE)
  }
}
moderation <- function(h, p, waves) {
  y <- h[["outcome"]]; x <- h[["predictor"]]; mod <- h[["moderator"]]; cv <- h[["covariates"]]; first <- p[p$wave == waves[1], ]
  if (length(waves) > 2) {
    asked <- p[!is.na(p[[mod]]), ]; asked <- asked[asked$wave_number == min(asked$wave_number), ]
    rest <- Filter(function(c) c$name != mod, cv); w <- prepare(p[p$participant %in% asked$participant, ], y, x, rest)
    values <- asked[[mod]][match(unique(w$q$participant), asked$participant)]; m <- ((values - mean(values)) / sd(values))[w$id]
    d <- w$d; d$m_ <- m; d$product_ <- d$xw * m; d$between_ <- d$xb * m
    f <- mixed(w, "(1 + xw | id)", d); if (isSingular(f)) f <- mixed(w, "(1 | id) + (0 + xw | id)", d)
    term <- paste0(x, "_within:", mod); at <- paste0(x, "_within at ", mod, c(" mean", " -1 SD", " +1 SD"))
    if (isSingular(f) && getME(f, "theta")[[1]] < 1e-6) {  # a slope alike in everybody is tested, people without levels of their own are not
      refuse("cross_level", "all", y, term, "beta_interaction", w$people, w$obs)
      for (t in at) refuse("cross_level", "all", y, t, "beta_within", w$people, w$obs)
    } else {
      s <- coefficients_of(f)
      fixed(s, "product_", "cross_level", "all", y, term, "beta_interaction", people = w$people, obs = w$obs)
      fixed(s, "xw", "cross_level", "all", y, at[1], "beta_within", people = w$people, obs = w$obs)
      for (k in 1:2) contrast(f, c(xw = 1, product_ = c(-1, 1)[k]), "cross_level", "all", y, at[k + 1], "beta_within", people = w$people, obs = w$obs)
    }
    person_effects(w, d[c(setdiff(names(d), "product_"), "product_")], "cross_level_fixed_effects", y, term, "beta_interaction")
  }
  moderated(first, waves[1], y, x, mod, cv)
}
contrast_of_outcomes <- function(h, p, waves) {
  one <- h[["outcomes"]][[1]]; other <- h[["outcomes"]][[2]]; x <- h[["predictor"]]; cv <- h[["covariates"]]
  q <- complete(p, one, other, x, names_in(cv)); id <- people_of(q); for (v in c(one, other)) q[[v]] <- q[[v]] / sdw(q[[v]], id)
  q$difference_ <- q[[one]] - q[[other]]; s <- sdw(q$difference_, id); term <- paste0(x, "_within")
  of <- function(y, metric, label, scale) { w <- prepare(q, y, x, cv); m <- with_slope(w, h[["random_slope"]])
    fixed(coefficients_of(m), "xw", "within_contrast", "all", label, term, metric, scale = scale, people = w$people, obs = w$obs) }
  of("difference_", "beta_difference", paste(one, "-", other), s); of(one, "beta_within", one, 1); of(other, "beta_within", other, 1)
  first <- complete(p[p$wave == waves[1], ], one, other, x, names_in(cv)); own <- function(p) list(x_ = z(p[[x]]))
  f <- function(y) regress(first, y, own, cv)
  weighted(f(function(p) z(p[[one]]) - z(p[[other]])), c(x_ = 1), "outcome_contrast", waves[1], one, paste0(x, ": ", one, " - ", other), "beta_difference")
  for (y in c(one, other)) weighted(f(function(p) z(p[[y]])), c(x_ = 1), "outcome_contrast", waves[1], y, x, "beta")
}
several <- function(p, y, xs, cv, analysis, absent = FALSE) {
  if (absent) {
    gone <- as.matrix(p[paste0(xs, "__does_not_apply")]) == "True"; colnames(gone) <- xs
    for (x in xs) if (any(gone[, x])) { cv <- c(cv, list(list(name = paste0("no_", x), type = "number", varies = TRUE))); p[[paste0("no_", x)]] <- gone[, x] * 1; p[[x]][gone[, x]] <- 0 }
  }
  w <- prepare(p, y, xs[1], c(cv, lapply(xs[-1], function(x) list(name = x, type = "number", varies = TRUE))))
  for (x in xs) { w$d[[paste0(x, "_w")]] <- NULL; v <- deviation(w$q[[x]], w$id); w$d[[paste0("s_", x)]] <- v / sdw(v, w$id) }
  w$d$xw <- NULL; w$d <- w$d[c(paste0("s_", xs), setdiff(names(w$d), paste0("s_", xs)))]; f <- clustered(mixed(w), w$id); n <- list(people = w$people, obs = w$obs)
  within <- paste0(xs, "_within"); pairs <- combn(seq_along(xs), 2)
  for (k in seq_len(ncol(pairs))) { i <- pairs[, k]; L <- setNames(c(1, -1), paste0("s_", xs[i]))
    do.call(of_person, c(list(f, L, analysis, "all", y, paste(within[i], collapse = " - "), "beta_difference"), n)) }
  for (k in seq_along(xs)) do.call(of_person, c(list(f, setNames(1, paste0("s_", xs[k])), analysis, "all", y, within[k], "beta_within"), n))
  if (length(xs) > 2) {
    q <- length(xs) - 1; G <- f$df + 1; L <- matrix(0, q, length(f$b), dimnames = list(NULL, names(f$b))); L[, paste0("s_", xs[1])] <- 1
    for (k in seq_along(xs)[-1]) L[k - 1, paste0("s_", xs[k])] <- -1
    W <- drop(t(L %*% f$b) %*% solve(L %*% f$V %*% t(L), L %*% f$b))
    add(analysis, "all", y, paste(within, collapse = " = "), "wald_f", df = G - q, statistic = W * (G - q) / ((G - 1) * q), people = w$people, obs = w$obs)
  }
}
contrast_of_predictors <- function(h, p, waves) {
  xs <- unlist(h[["predictors"]]); several(p, h[["outcome"]], xs, h[["covariates"]], "within_contrast", length(xs) > 2)
}
cumulative <- function(h, p, waves) {
  x <- h[["predictor"]]; p <- p[order(p$participant, p$wave_number), ]; v <- p[[x]]; id <- people_of(p); known <- !is.na(v); v[!known] <- 0
  before <- function(k) ave(k, id, FUN = cumsum) - k
  p[[paste0(x, "_before")]] <- ifelse(before(known * 1) > 0, before(v) / before(known * 1), NA)
  several(p[p$wave_number > min(p$wave_number), ], h[["outcome"]], c(paste0(x, "_before"), x), h[["covariates"]], "cumulative_exposure")
}

# --- events ----------------------------------------------------------------------------------------------------------------
event_fit <- function(e, y, x, cv) {
  w <- prepare(e, y, x, cv); w$occasion <- paste(w$q$participant, w$q$wave)
  m <- mixed(w, c("(1 | id)", "(1 | occasion)")); if (isSingular(m)) m <- mixed(w)
  list(w = w, m = m, k = clustered(m, w$id))
}
contrast_of_events <- function(h) {
  kinds <- unlist(h[["contrast"]]); y <- h[["outcome"]]; e <- events_of[events_of$event %in% kinds, ]; e$kind_ <- (e$event == kinds[1]) * 1
  f <- event_fit(e, y, "kind_", h[["covariates"]]); w <- f$w; step <- 1 / sdw(w$q$kind_, w$id); term <- paste("event", kinds[1], "-", kinds[2])
  of_person(f$k, c(xw = 1), "event_level", "all", y, term, "dz", scale = step / (sqrt(2) * sigma(f$m)), people = w$people, obs = w$obs)
  of_person(f$k, c(xw = 1), "event_level", "all", y, term, "b", scale = step * sdw(w$q[[y]], w$id), people = w$people, obs = w$obs)
}
event_slope <- function(h) {
  f <- event_fit(events_of, h[["outcome"]], h[["predictor"]], h[["covariates"]]); n <- list(people = f$w$people, obs = f$w$obs)
  do.call(of_person, c(list(f$k, c(xw = 1), "event_level", "all", h[["outcome"]], paste0(h[["predictor"]], "_within"), "beta_within"), n))
  between <- list(f$k, c(xb = 1), "event_level", "all", h[["outcome"]], paste0(h[["predictor"]], "_between"), "beta_between", scale = f$w$scale_b)
  do.call(of_person, c(between, list(df = f$k$people - 1), n))
}

# --- differences of means, shares, added variance ------------------------------------------------------------------------
noncentral <- function(t, df, level) {
  far <- 2 * qnorm((1 + level) / 2) * sqrt(1 + t^2 / (2 * df))
  sapply(c(1 + level, 1 - level) / 2, function(q) quiet(uniroot(function(k) pt(t, df, k) - q, t + c(-far, far), tol = 1e-10))$root)
}
standardised <- function(t, df, scale, ..., people) add(..., estimate = t * scale, se = scale, df = df, ci = scale * noncentral(t, df, .95),
  ci90 = scale * noncentral(t, df, .90), statistic = t, people = people)
contrast_of_pairs <- function(h, p, waves) {
  one <- h[["outcomes"]][[1]]; other <- h[["outcomes"]][[2]]; q <- complete(p[p$wave == waves[1], ], one, other)
  t <- t.test(q[[one]], q[[other]], paired = TRUE); term <- paste(one, "-", other); n <- nrow(q)
  standardised(t$statistic[[1]], n - 1, 1 / sqrt(n), "paired_contrast", waves[1], one, term, "dz", people = n)
  add("paired_contrast", waves[1], one, term, "b", t$estimate[[1]], t$stderr, n - 1, people = n)
}
difference_of_groups <- function(h, p, waves) {
  q <- complete(p[p$wave == waves[1], ], h[["outcome"]], h[["predictor"]]); g <- unlist(h[["groups"]]); term <- paste(g[1], "-", g[2])
  a <- q[[h[["outcome"]]]][q[[h[["predictor"]]]] == g[1]]; b <- q[[h[["outcome"]]]][q[[h[["predictor"]]]] == g[2]]; n <- length(a) + length(b)
  standardised(t.test(a, b, var.equal = TRUE)$statistic[[1]], n - 2, sqrt(1 / length(a) + 1 / length(b)), "group_contrast", waves[1], h[["outcome"]], term, "d", people = n)
  t <- t.test(a, b); add("group_contrast", waves[1], h[["outcome"]], term, "b", mean(a) - mean(b), t$stderr, t$parameter[[1]], people = n)
}
proportion <- function(h, p, waves) {
  v <- p[[h[["outcome"]]]][p$wave == waves[1]]; v <- v[!is.na(v)]; k <- sum(v >= h[["at_least"]]); n <- length(v); s <- k / n
  ci <- prop.test(k, n, correct = FALSE)$conf.int; ci90 <- prop.test(k, n, conf.level = .90, correct = FALSE)$conf.int
  score <- sign(s - h[["reference"]]) * sqrt(prop.test(k, n, h[["reference"]], correct = FALSE)$statistic[[1]]); se <- sqrt(s * (1 - s) / n)
  term <- sprintf("%s at least %g", h[["outcome"]], h[["at_least"]])
  add("proportion", waves[1], h[["outcome"]], term, "share_difference", s - h[["reference"]], se, Inf, ci - h[["reference"]], ci90 - h[["reference"]], score, n)
  add("proportion", waves[1], h[["outcome"]], term, "share", s, se, Inf, ci, ci90, score, n)
}
added_variance <- function(h, p, waves) {
  y <- h[["outcome"]]; x <- h[["predictor"]]
  f <- regress(complete(p[p$wave == waves[1], ], y, x, names_in(h[["covariates"]])), function(p) z(p[[y]]), function(p) list(x_ = z(p[[x]])), h[["covariates"]])
  M <- model.matrix(f$m); M <- M[, !is.na(coef(f$m))]; yy <- f$m$model$y_; K <- M[, colnames(M) != "x_"]; n <- length(yy)
  r2 <- function(M, y) 1 - sum(.lm.fit(M, y)$residuals^2) / sum((y - mean(y))^2)
  added <- function(data, i) r2(M[i, ], yy[i]) - r2(K[i, ], yy[i])
  b <- boot(seq_len(n), added, draws); jack <- sapply(seq_len(n), function(i) added(NULL, -i))
  ci <- boot.ci(b, conf = c(.90, .95), type = "bca", L = mean(jack) - jack)$bca[, 4:5]
  wald <- coef(f$m)[["x_"]]^2 / f$V["x_", "x_"]
  add("incremental_variance", waves[1], y, x, "delta_r2", b$t0, sd(b$t), NA, ci[2, ], ci[1, ], wald, n)
  add("incremental_variance", waves[1], y, "covariates", "r2", r2(K, yy), people = n)
  add("incremental_variance", waves[1], y, paste("covariates and", x), "r2", r2(M, yy), people = n)
}

# --- dose and response -----------------------------------------------------------------------------------------------------
dose_response <- function(h, p, waves) {
  y <- h[["outcome"]]; x <- h[["predictor"]]; wave <- waves[1]; how <- "dose_response"; B <- min(draws, 999)
  f <- regress(complete(p[p$wave == wave, ], y, x, names_in(h[["covariates"]])), function(p) z(p[[y]]), function(p) list(x_ = z(p[[x]])), h[["covariates"]])
  q <- f$p; v <- q[[x]]; n <- nrow(q); W <- model.matrix(f$m); W <- W[, !is.na(coef(f$m))]; yz <- z(q[[y]]); K <- W[, colnames(W) != "x_"]
  weighted(f, c(x_ = 1), how, wave, y, x, "beta")
  knots <- quantile(v, c(.05, .35, .65, .95), names = FALSE); cube <- function(v) pmax(v, 0)^3
  bend <- function(v, j) (cube(v - knots[j]) - cube(v - knots[3]) * (knots[4] - knots[j]) / (knots[4] - knots[3]) +
    cube(v - knots[4]) * (knots[3] - knots[j]) / (knots[4] - knots[3])) / (knots[4] - knots[1])^2
  model <- function(y, ...) { m <- lm(y ~ 0 + ., data.frame(W, ..., y = y, check.names = FALSE)); list(m = m, V = vcovHC(m, "HC3"), p = q) }
  curved <- model(yz, b1 = bend(v, 1), b2 = bend(v, 2)); i <- c("b1", "b2"); b <- coef(curved$m)[i]
  add(how, wave, y, paste0(x, ", departure from a line"), "wald_f", df = curved$m$df.residual, statistic = c(b %*% solve(curved$V[i, i], b)) / 2, people = n)
  inner <- quantile(v, c(.1, .9)); places <- sort(unique(v[v > inner[1] & v < inner[2]]))
  if (length(places) > 200) places <- places[round(seq(1, length(places), length.out = 200))]
  Q <- qr.Q(qr(W)); H <- sapply(places, function(c) { u <- pmax(v - c, 0); u <- u - Q %*% crossprod(Q, u); u / sqrt(sum(u^2)) })
  e <- resid(f$m); rss <- sum(e^2); gain <- crossprod(H, e)^2; best <- which.max(gain); place <- places[best]
  hinge <- model(yz, hinge_ = pmax(v - place, 0) / sd(v)); e1 <- resid(hinge$m) / sqrt(1 - hatvalues(hinge$m)); e0 <- e / sqrt(1 - hatvalues(f$m)); base <- fitted(hinge$m)
  lr <- replicate(B, { u <- e0 * sample(c(-1, 1), n, TRUE); u <- u - Q %*% crossprod(Q, u); g <- max(crossprod(H, u)^2); n * log(sum(u^2) / (sum(u^2) - g)) })
  moved <- replicate(B, { u <- base + e1 * sample(c(-1, 1), n, TRUE); u <- u - Q %*% crossprod(Q, u); places[which.max(crossprod(H, u)^2)] })
  aic <- function(m) AIC(m); add(how, wave, y, "line", "aic", aic(f$m), people = n); add(how, wave, y, "spline", "aic", aic(curved$m), people = n)
  add(how, wave, y, "breakpoint", "aic", aic(hinge$m) + 2, people = n)
  add(how, wave, y, x, "breakpoint", place, sd(moved), NA, quantile(moved, c(.025, .975), type = 6), c(NA, NA), n * log(rss / (rss - max(gain))), n)
  weighted(hinge, c(x_ = 1), how, wave, y, paste(x, "below the breakpoint"), "beta"); weighted(hinge, c(x_ = 1, hinge_ = 1), how, wave, y, paste(x, "above the breakpoint"), "beta")
  QK <- qr.Q(qr(K)); res <- c(yz - QK %*% crossprod(QK, yz)); g <- match(v, sort(unique(v))); size <- tabulate(g); falling <- identical(h[["direction"]], "negative")
  monotone <- function(r) { s <- rowsum(r, g)[, 1] / size; if (falling) s <- -s; i <- rep(seq_along(size), size); sum(isoreg(seq_along(i), s[i])$yf^2) / sum(r^2) }
  shuffled <- replicate(B, { s <- sample(res); monotone(c(s - QK %*% crossprod(QK, s))) })
  add(how, wave, y, x, "isotonic_r2", monotone(res), statistic = monotone(res), people = n)
  raw <- model(q[[y]], b1 = bend(v, 1), b2 = bend(v, 2)); centre <- colMeans(model.matrix(raw$m))
  at <- function(d) { w <- centre; w[["x_"]] <- (d - mean(v)) / sd(v); w[["b1"]] <- bend(d, 1); w[["b2"]] <- bend(d, 2); w }
  doses <- c("0" = 0, "1" = 1, p25 = quantile(v, .25, names = FALSE), p75 = quantile(v, .75, names = FALSE))
  for (d in names(doses)) {
    term <- paste(x, "at", d); if (doses[[d]] < min(v) || doses[[d]] > max(v)) { refuse(how, wave, y, term, "adjusted_mean", n, n); next }
    w <- at(doses[[d]]); s <- sqrt(c(w %*% raw$V %*% w)); add(how, wave, y, term, "adjusted_mean", sum(w * coef(raw$m)), s, raw$m$df.residual, statistic = NA, people = n)
  }
  if (min(v) > 0 || max(v) < 1) refuse(how, wave, y, paste(x, "at 1 - at 0"), "difference", n, n) else
    weighted(curved, at(1) - at(0), how, wave, y, paste(x, "at 1 - at 0"), "difference")
}

# --- structural equations --------------------------------------------------------------------------------------------------
wide_of <- function(p, names) {
  held <- Filter(function(w) all(colSums(!is.na(p[p$wave == w, names, drop = FALSE])) > 0), unique(p$wave[order(p$wave_number)]))
  p <- p[p$wave %in% held & rowSums(!is.na(p[names])) > 0, ]; people <- unique(p$participant); at <- sort(unique(p$wave_number)); wide <- data.frame(row.names = people)
  for (k in seq_along(names)) { s <- sd(p[[names[k]]], na.rm = TRUE)  # in SDs: lavaan's search needs scores of one size
    for (t in seq_along(at)) { q <- p[p$wave_number == at[t], ]; wide[[paste0("v", k, "_", t)]] <- q[[names[k]]][match(people, q$participant)] / s } }
  list(wide = wide, waves = held, at = at, people = length(people), obs = nrow(p), long = p)
}
sem_fit <- function(model, data) quiet(lavaan(model, data, missing = "ml", meanstructure = TRUE, auto.fix.first = FALSE, estimator = "MLR"))
delta <- function(m, g) {
  b <- coef(m); keep <- !duplicated(names(b)); V <- vcov(m)[keep, keep]; b <- b[keep]
  slope <- sapply(seq_along(b), function(k) { h <- rep(0, length(b)); h[k] <- 1e-5 * sqrt(V[k, k]); (g(b + h) - g(b - h)) / (2 * h[k]) })
  c(g(b), sqrt(c(slope %*% V %*% slope)))
}
processes <- function(K, T, equal) {
  v <- seq_len(K); t <- seq_len(T); lab <- function(i, j, t) if (equal) sprintf("a%d_%d", i, j) else sprintf("a%d_%d_%d", i, j, t)
  pairs <- do.call(rbind, lapply(v, function(i) cbind(i, i:K)))
  paste(unlist(c(sprintf("r%d =~ %s", v, sapply(v, function(k) paste0("1*v", k, "_", t, collapse = " + "))),
    lapply(v, function(k) sprintf("w%d_%d =~ 1*v%d_%d", k, t, k, t)),
    lapply(v, function(i) sapply(t[-1], function(s) sprintf("w%d_%d ~ %s", i, s, paste0(lab(i, v, s), "*w", v, "_", s - 1, collapse = " + ")))),
    apply(pairs, 1, function(ij) c(sprintf("w%d_%d ~~ w%d_%d", ij[1], t, ij[2], t), sprintf("r%d ~~ r%d", ij[1], ij[2]))),
    lapply(v, function(k) sprintf("v%d_%d ~ 1", k, t)))), collapse = "\n")
}
spreads <- function(b, K, T) {  # variance of each deviation (rows) at each wave (columns), equal paths
  C <- lapply(seq_len(T), function(t) { M <- matrix(0, K, K); for (i in 1:K) for (j in i:K) M[i, j] <- M[j, i] <- b[[sprintf("w%d_%d~~w%d_%d", i, t, j, t)]]; M })
  B <- outer(1:K, 1:K, Vectorize(function(i, j) b[[sprintf("a%d_%d", i, j)]])); W <- C[1]
  for (t in 2:T) W[[t]] <- B %*% W[[t - 1]] %*% t(B) + C[[t]]
  sapply(W, diag)
}
path <- function(cause, effect, K, T) function(b) { S <- spreads(b, K, T); b[[sprintf("a%d_%d", effect, cause)]] * sqrt(mean(S[cause, -T]) / mean(S[effect, -1])) }
cross_lagged <- function(p, y, x) {
  d <- wide_of(p, c(x, y)); T <- length(d$waves); m <- sem_fit(processes(2, T, TRUE), d$wide); f <- sem_fit(processes(2, T, FALSE), d$wide)
  n <- function(...) add(..., people = lavInspect(m, "ntotal"), obs = d$obs)
  of <- function(g, outcome, term, metric) { s <- delta(m, g); n("ri_clpm", "all", outcome, term, metric, s[1], s[2], Inf); s }
  forward <- of(path(1, 2, 2, T), y, paste0(x, "_lagged"), "beta_within"); back <- of(path(2, 1, 2, T), x, paste0(y, "_lagged"), "beta_within")
  of(path(1, 1, 2, T), x, paste0(x, "_lagged"), "beta_within"); of(path(2, 2, 2, T), y, paste0(y, "_lagged"), "beta_within")
  r <- function(a, c) function(b) b[[paste0(a, "~~", c)]] / sqrt(b[[paste0(a, "~~", a)]] * b[[paste0(c, "~~", c)]])
  of(r("r1", "r2"), y, paste0(x, "_level"), "r_between"); of(r("w1_1", "w2_1"), y, paste0(x, "_deviation"), "r_within")
  n("ri_clpm", "all", y, "model fit", "chi2", df = fitMeasures(m, "df")[[1]], statistic = fitMeasures(m, "chisq.scaled")[[1]])
  if (lavInspect(f, "converged") && quiet(lavInspect(f, "post.check"))) { t <- quiet(lavTestLRT(m, f))
    n("ri_clpm", "all", y, "equal paths over waves", "chi2", df = t[2, "Df diff"], statistic = t[2, "Chisq diff"]) }
  list(forward = forward, back = back, n = n)
}
dynamic <- function(p, y, x) {
  d <- wide_of(p, c(y, x)); T <- length(d$waves); t <- 2:T; lagged <- paste0("v2_", 1:(T - 1)); given <- c("v1_1", lagged)
  m <- sem_fit(paste(c(paste("f =~", paste0("1*v1_", t, collapse = " + ")), sprintf("v1_%d ~ a*v1_%d + b*v2_%d", t, t - 1, t - 1), sprintf("v1_%d ~~ v1_%d", t, t),
    "f ~~ f", paste("f ~~", paste(given, collapse = " + ")), sapply(2:(T - 1), function(s) sprintf("v1_%d ~~ %s", s, paste0("v2_", s:(T - 1), collapse = " + "))),
    sapply(seq_along(given), function(i) paste(given[i], "~~", paste(given[i:length(given)], collapse = " + "))), sprintf("%s ~ 1", c(paste0("v1_", 1:T), lagged))), collapse = "\n"), d$wide)
  s <- function(name) { q <- d$long[!is.na(d$long[[name]]), ]; sdw(q[[name]], people_of(q)) / sd(d$long[[name]], na.rm = TRUE) }
  e <- parameterEstimates(m); e <- e[e$op == "~" & !duplicated(e$label), ]; people <- lavInspect(m, "ntotal")
  one <- function(label, name, scale) { k <- e$label == label; add("fixed_effects_sem", "all", y, paste0(name, "_lagged"), "beta_within", e$est[k] * scale, e$se[k] * scale, Inf, people = people, obs = d$obs) }
  one("b", x, s(x) / s(y)); one("a", y, 1)
  add("fixed_effects_sem", "all", y, "model fit", "chi2", df = fitMeasures(m, "df")[[1]], statistic = fitMeasures(m, "chisq.scaled")[[1]], people = people, obs = d$obs)
}
lagged <- function(h, p, waves) {
  y <- h[["outcome"]]; x <- h[["predictor"]]; f <- cross_lagged(p, y, x)
  if (is.null(h[["both_directions"]])) return(dynamic(p, y, x))
  one <- f[c("forward", "back")]; worse <- one[[which.min(abs(sapply(one, function(s) s[1] / s[2])))]]
  ends <- function(q) { e <- sapply(one, function(s) s[1] + c(-1, 1) * qnorm(q) * s[2]); c(min(e[1, ]), max(e[2, ])) }
  f$n("ri_clpm_both", "all", y, paste0(x, "_lagged and back"), "beta_within", worse[1], worse[2], Inf, worse[1] + c(-1, 1) * qnorm(.975) * worse[2], ends(.95))
}
mediation <- function(h, p, waves) {
  x <- h[["predictor"]]; o <- h[["mediator"]]; y <- h[["outcome"]]; d <- wide_of(p, c(x, o, y)); T <- length(d$waves); m <- sem_fit(processes(3, T, TRUE), d$wide)
  n <- function(...) add(..., people = lavInspect(m, "ntotal"), obs = d$obs); first <- path(1, 2, 3, T); second <- path(2, 3, 3, T)
  a <- delta(m, first); b <- delta(m, second); s <- delta(m, function(v) first(v) + second(v)); direct <- delta(m, path(1, 3, 3, T)); how <- "lagged_indirect"
  C <- matrix(c(a[2]^2, rep((s[2]^2 - a[2]^2 - b[2]^2) / 2, 2), b[2]^2), 2); e <- MASS::mvrnorm(draws, c(a[1], b[1]), C); e <- e[, 1] * e[, 2]
  n(how, "all", y, paste(x, ">", o, ">", y), "indirect", a[1] * b[1], sd(e), NA, quantile(e, c(.025, .975), type = 6), quantile(e, c(.05, .95), type = 6), NA)
  for (k in list(list(a, o, x), list(b, y, o), list(direct, y, x))) n(how, "all", k[[2]], paste0(k[[3]], "_lagged"), "beta_within", k[[1]][1], k[[1]][2], Inf)
}
growth <- function(h, p, waves) {
  y <- h[["outcome"]]; d <- wide_of(p, y); T <- length(d$waves); t <- 1:T; time <- d$at - d$at[1]; q <- d$long; how <- "latent_growth"; v <- paste0("v1_", t)
  curve <- function(scores) sem_fit(paste(c(paste("level =~", paste0("1*", v, collapse = " + ")), paste("slope =~", paste0(scores, "*", v, collapse = " + ")),
    "level ~~ level + slope\n slope ~~ slope\n level ~ 1\n slope ~ 1", sprintf("%s ~~ e*%s\n%s ~ 0*1", v, v, v)), collapse = "\n"), d$wide)
  m <- curve(time); s <- sdw(q[[y]], people_of(q)) / sd(q[[y]]); n <- function(...) add(..., people = lavInspect(m, "ntotal"), obs = d$obs)
  of <- function(g, term, metric, ...) { e <- delta(m, g); n(how, "all", y, term, metric, e[1], e[2], Inf, ...) }
  of(function(b) b[["slope~1"]] / s, paste("slope of", y), "slope_within")
  q$y_ <- q[[y]]; q$t_ <- q$wave_number - d$at[1]; q$id <- factor(people_of(q))
  lr <- 2 * (logLik(quiet(lmer(y_ ~ t_ + (t_ | id), q, control = control))) - logLik(quiet(lmer(y_ ~ t_ + (1 | id), q, control = control))))[[1]]
  of(function(b) sqrt(b[["slope~~slope"]]) / s, paste("SD of slopes of", y), "sd_slope", statistic = lr)
  of(function(b) b[["level~~slope"]] / sqrt(b[["slope~~slope"]] * b[["level~~level"]]), "level with slope", "r")
  aic <- sapply(1:(T - 1), function(k) { f <- curve(rep(0:1, c(k, T - k))); if (lavInspect(f, "converged") && quiet(lavInspect(f, "post.check"))) AIC(f) + 2 else NA })
  n(how, "all", y, paste("step at", d$waves[which.min(aic) + 1], "against line"), "aic_difference", min(aic, na.rm = TRUE) - AIC(m))
  n(how, "all", y, "model fit", "chi2", df = fitMeasures(m, "df")[[1]], statistic = fitMeasures(m, "chisq.scaled")[[1]])
}
recovery <- function(h, p, waves) {
  y <- h[["outcome"]]; x <- h[["predictor"]]; cv <- h[["covariates"]]; k <- complete(p, x); k <- k[order(k$participant, k$wave_number), ]; s <- sdw(k[[x]], people_of(k))
  fell <- c(FALSE, diff(k[[x]]) <= -s & diff(people_of(k)) == 0); first <- k[fell, ]; first <- first[!duplicated(first$participant), ]
  p$drop_ <- first$wave_number[match(p$participant, first$participant)]; q <- complete(p, y, "drop_", names_in(cv)); id <- people_of(q); since <- q$wave_number - q$drop_
  d <- as.data.frame(c(list(before = pmin(since, 0), at = (since >= 0) * 1, after = pmax(since, 0)), columns(q, list(list(name = "drop_", type = "category"))),
    columns(q, stays(cv)))); v <- columns(q, varies(cv)); for (n in names(v)) { d[[paste0(n, "_b")]] <- person_mean(v[[n]], id); d[[paste0(n, "_w")]] <- deviation(v[[n]], id) }
  w <- list(y = q[[y]] / sdw(q[[y]], id), id = id, d = d); m <- mixed(w, "(1 + after | id)"); if (isSingular(m)) m <- mixed(w, "(1 | id) + (0 + after | id)"); if (isSingular(m)) m <- mixed(w)
  how <- "piecewise_recovery"; n <- list(people = max(id), obs = nrow(q)); s <- coefficients_of(m); drop <- paste("first drop of", x)
  do.call(fixed, c(list(s, "after", how, "all", y, paste("waves after", drop), "slope_within"), n)); do.call(fixed, c(list(s, "before", how, "all", y, paste("waves before", drop), "slope_within"), n))
  do.call(contrast, c(list(m, c(after = 1, before = -1), how, "all", y, paste("waves after - before", drop), "slope_difference"), n)); do.call(fixed, c(list(s, "at", how, "all", y, paste("at", drop), "rise_within"), n))
}

# --- all -------------------------------------------------------------------------------------------------------------------
answer <- function(h) {
  model <- if (is.null(h[["model"]])) "association" else h[["model"]]
  if (model %in% c("contrast_of_events", "event_slope")) return(get(model)(h))
  p <- carried(waves_of, h[["covariates"]]); for (n in names(h[["where"]])) p <- p[which(p[[n]] == h[["where"]][[n]]), ]
  named <- c(h[["outcome"]], unlist(h[["outcomes"]]), h[["predictor"]], unlist(h[["predictors"]]))
  held <- complete(p, if (length(h[["predictors"]]) > 2) named[1:2] else named); waves <- unique(held$wave[order(held$wave_number)])
  get(model)(h, p[p$wave %in% waves, ], waves)
}
sink(nullfile())  # lavaan prints
spent <- function() sum(proc.time()[c(1, 2)])
seconds <- data.frame()
for (h in asked$hypotheses) if (!length(chosen) || h[["id"]] %in% chosen) {
  current <- h[["id"]]; started <- spent(); answer(h)
  seconds <- rbind(seconds, data.frame(hypothesis = h[["id"]], seconds = spent() - started))
}
write.csv(do.call(rbind, rows), file.path(folder, "rows.csv"), row.names = FALSE); write.csv(seconds, file.path(folder, "seconds.csv"), row.names = FALSE)
versions <- sapply(c("lme4", "lmerTest", "lavaan", "sandwich", "boot"), function(p) as.character(packageVersion(p)))
write(toJSON(as.list(c(R = R.version.string, versions)), auto_unbox = TRUE, pretty = TRUE), file.path(folder, "versions.json"))

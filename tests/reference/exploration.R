# Reference values for exploration (factor analysis, dimensionality, Mokken, graded response), made once:
#   Rscript exploration.R  (in this folder).  Reads simulated CSV files of this folder and writes exploration.json.
suppressMessages({library(psych); library(GPArotation); library(lavaan); library(statmod); library(numDeriv); library(jsonlite)})

read <- function(name) read.csv(sprintf("%s.csv", name))
d <- list(continuous = read("psychometrics_continuous"), bifactor = read("sem_bifactor"), skewed = read("sem_skewed"),
          holes = na.omit(read("sem_holes")), ordinal = read("psychometrics_ordinal"), ordinal5 = read("sem_ordinal5")[1:6],
          ordered = read("exploration_ordered"), graded = read("exploration_graded"),
          graded_holes = read("exploration_graded_holes"))
polychoric_of <- function(data) unclass(lavCor(data, ordered = names(data)))  # lavaan's two-step polychorics
bare <- function(x) unname(unclass(as.matrix(x)))

# --- psych's fa ------------------------------------------------------------------------------------------------------
one <- function(r, n, k, fm, rotate) {
  f <- suppressWarnings(suppressMessages(fa(r, k, n.obs = n, fm = fm, rotate = rotate)))
  list(loadings = bare(f$loadings), phi = if (is.null(f$Phi)) diag(k) else bare(f$Phi), structure = bare(f$Structure),
       communality = unname(f$communality), uniqueness = unname(f$uniquenesses), complexity = unname(f$complexity),
       ss = unname(f$Vaccounted[1, ]), proportion = unname(f$Vaccounted[2, ]), objective = f$objective,
       chi2 = f$STATISTIC, df = f$dof, p = f$PVAL, chi2_empirical = f$chi, p_empirical = f$EPVAL, rmsr = f$rms,
       rmsr_corrected = f$crms, tli = f$TLI, rmsea = f$RMSEA[["RMSEA"]], rmsea_ci_low = f$RMSEA[["lower"]],
       rmsea_ci_high = f$RMSEA[["upper"]], bic = f$BIC, off_diagonal = f$fit.off, n = n)
}
all_of <- function(r, n, k) {
  ways <- expand.grid(fm = c("minres", "ml"), rotate = c("oblimin", "promax", "varimax", "none"), stringsAsFactors = FALSE)
  out <- Map(function(fm, rotate) one(r, n, k, fm, rotate), ways$fm, ways$rotate)
  setNames(out, paste(ways$fm, ways$rotate))
}
out <- list(fa = list(
  continuous = all_of(cor(d$continuous), nrow(d$continuous), 3), bifactor = all_of(cor(d$bifactor), nrow(d$bifactor), 3),
  holes = all_of(cor(d$holes), nrow(d$holes), 2), ordinal = all_of(cor(d$ordinal), nrow(d$ordinal), 1),
  ordered_polychoric = all_of(polychoric_of(d$ordered), nrow(d$ordered), 3)))

# --- KMO, Bartlett, MAP, parallel analysis ---------------------------------------------------------------------------
revised_map <- function(r) {  # Velicer, Eaton and Fava (2000), written out: fourth powers, from no component on
  e <- eigen(r); load <- e$vectors %*% diag(sqrt(e$values)); p <- ncol(r)
  sapply(0:(p - 1), function(k) {
    left <- if (k) r - load[, 1:k] %*% t(load[, 1:k]) else r
    partial <- cov2cor(left); mean(partial[row(partial) != col(partial)]^4)
  })
}
first_map <- function(r) mean(r[row(r) != col(r)]^2)
about <- function(r, n) {
  k <- KMO(r); b <- cortest.bartlett(r, n); v <- suppressWarnings(suppressMessages(vss(r, n = ncol(r) - 1, n.obs = n, plot = FALSE)))
  list(n = n, kmo = k$MSA, kmo_items = unname(k$MSAi), chi2 = b$chisq, df = b$df, p = b$p.value,
       map = c(first_map(r), v$map[1:(ncol(r) - 1)]), map4 = revised_map(r))
}
out$adequacy <- list(continuous = about(cor(d$continuous), nrow(d$continuous)), bifactor = about(cor(d$bifactor), nrow(d$bifactor)),
                     ordinal = about(cor(d$ordinal), nrow(d$ordinal)),
                     ordered_polychoric = about(polychoric_of(d$ordered), nrow(d$ordered)))
DRAWS <- 300
set.seed(20265)
parallel <- function(data) {  # fa.parallel draws each column again, with replacement; its mean and spread are what is compared
  invisible(capture.output(a <- suppressWarnings(suppressMessages(
    fa.parallel(data, n.iter = DRAWS, plot = FALSE, fa = "both", fm = "minres", quant = .95)))))
  sims <- a$values; p <- ncol(data); pick <- function(block) sims[, (block - 1) * p + 1:p]  # samp, samp.fa, sim, sim.fa
  list(draws = DRAWS, components = a$pc.values, factors = a$fa.values, mean = colMeans(pick(1)), sd = apply(pick(1), 2, sd),
       p95 = apply(pick(1), 2, quantile, .95), factor_mean = colMeans(pick(2)), factor_sd = apply(pick(2), 2, sd),
       factor_p95 = apply(pick(2), 2, quantile, .95))
}
shuffled_polychoric <- function(data, draws = 60) {  # fa.parallel's polychorics add half a person to empty cells: written out
  e <- t(replicate(draws, eigen(polychoric_of(as.data.frame(lapply(data, sample))))$values))
  list(draws = draws, components = eigen(polychoric_of(data))$values, mean = colMeans(e), sd = apply(e, 2, sd))
}
out$parallel <- list(bifactor = parallel(d$bifactor), ordinal = parallel(d$ordinal), ordinal5_polychoric = shuffled_polychoric(d$ordinal5))

# --- the graded response model: its marginal likelihood written out on Gauss-Hermite points, numerical derivatives -----
# (R's mirt and ltm are not among Debian's packages.)
grid <- gauss.quad.prob(61, "normal")
graded <- function(data, start_slope = 1) {
  data <- as.matrix(data); data <- data[rowSums(!is.na(data)) > 0, ]
  key <- apply(data, 1, paste, collapse = " "); first <- !duplicated(key)
  rows <- data[first, , drop = FALSE]; counts <- as.numeric(table(factor(key, levels = key[first])))
  k <- apply(data, 2, max, na.rm = TRUE) + 1; item <- rep(seq_along(k), k); p <- length(item)
  chances <- function(own) {
    above <- cbind(1, plogis(outer(grid$nodes * own[1], own[-1], "+")), 0)
    above[, -ncol(above), drop = FALSE] - above[, -1, drop = FALSE]
  }
  natural <- function(free) unlist(tapply(free, item, function(x) c(x[1], x[2], if (length(x) > 2) x[2] - cumsum(exp(x[-(1:2)])))))
  persons <- function(par) {
    joint <- matrix(1, nrow(rows), length(grid$nodes))
    for (j in seq_along(k)) {
      chance <- chances(par[item == j]); seen <- !is.na(rows[, j])
      joint[seen, ] <- joint[seen, ] * t(chance)[rows[seen, j] + 1, ]
    }
    t(t(joint) * grid$weights)
  }
  loglik <- function(par) sum(counts * log(rowSums(persons(par))))
  start <- unlist(lapply(seq_along(k), function(j) {
    d <- qlogis(sapply(1:(k[j] - 1), function(c) mean(data[, j] >= c, na.rm = TRUE)))
    c(start_slope, d[1], if (k[j] > 2) log(-diff(d)))
  }))
  fit <- optim(start, function(free) -loglik(natural(free)), method = "BFGS", control = list(maxit = 500, reltol = 1e-14))
  par <- natural(fit$par); v <- solve(hessian(function(x) -loglik(x), par))
  slopes <- which(!duplicated(item)); a <- par[slopes]
  b <- unlist(lapply(seq_along(k), function(j) -par[item == j][-1] / a[j]))
  jacobian <- jacobian(function(x) unlist(lapply(seq_along(k), function(j) -x[item == j][-1] / x[item == j][1])), par)
  w <- persons(par); w <- w / rowSums(w); eap <- drop(w %*% grid$nodes); sd <- sqrt(drop(w %*% grid$nodes^2) - eap^2)
  of <- match(key, key[first]); theta <- c(-2, -0.5, 0, 1, 2.5)
  info <- sapply(seq_along(k), function(j) sapply(theta, function(t) {
    p_of <- function(t) { x <- par[item == j]; above <- c(1, plogis(x[1] * t + x[-1]), 0); -diff(above) }
    d <- drop(jacobian(p_of, t)); sum(d^2 / p_of(t))
  }))
  expected <- sapply(seq_along(k), function(j) {
    sapply(eap[of], function(t) { x <- par[item == j]; sum(plogis(x[1] * t + x[-1])) })
  })
  q3 <- cor(data - expected, use = "pairwise")
  list(n = nrow(data), loglik = loglik(par), a = a, a_se = sqrt(diag(v))[slopes], b = b, b_se = sqrt(diag(jacobian %*% v %*% t(jacobian))),
       eap = eap[of], eap_se = sd[of], theta = theta, information = unname(info), q3 = unname(q3),
       reliability = var(eap[of]) / (var(eap[of]) + mean(sd[of]^2)))
}
out$graded <- list(complete = graded(d$graded), holes = graded(d$graded_holes))

# --- Mokken's H: covariances against those of sorted answers; errors by numerical derivatives in the pattern counts ------
# (R's mokken is not among Debian's packages; the delta method is that of Kuijpers, Van der Ark and Croon, 2013.)
mokken <- function(data) {
  data <- as.matrix(data); key <- apply(data, 1, paste, collapse = " "); first <- !duplicated(key)
  rows <- data[first, , drop = FALSE]; counts <- as.numeric(table(factor(key, levels = key[first])))
  pairs <- t(combn(ncol(data), 2)); orders <- lapply(seq_len(ncol(data)), function(j) order(rows[, j]))
  coupled <- function(i, j, n) {  # mean product of the two margins put in order, for fractional counts
    a <- cumsum(n[orders[[i]]]) / sum(n); b <- cumsum(n[orders[[j]]]) / sum(n)
    at <- sort(unique(c(a, b))); mid <- (at + c(0, at[-length(at)])) / 2
    x <- rows[orders[[i]], i][pmin(findInterval(mid, a) + 1, length(a))]; y <- rows[orders[[j]], j][pmin(findInterval(mid, b) + 1, length(b))]
    sum(diff(c(0, at)) * x * y)
  }
  parts <- function(n) {
    m <- colSums(rows * n) / sum(n)
    apply(pairs, 1, function(q) c(sum(n * rows[, q[1]] * rows[, q[2]]) / sum(n), coupled(q[1], q[2], n)) - m[q[1]] * m[q[2]])
  }
  all_h <- function(n) {
    p <- parts(n)
    c(sum(p[1, ]) / sum(p[2, ]), sapply(seq_len(ncol(data)), function(j) { w <- rowSums(pairs == j) > 0; sum(p[1, w]) / sum(p[2, w]) }), p[1, ] / p[2, ])
  }
  h <- all_h(counts); g <- jacobian(all_h, counts, method = "simple"); se <- sqrt(drop(g^2 %*% counts)); k <- ncol(data)
  s <- var(data); smax <- var(apply(data, 2, sort)); diag(s) <- diag(smax) <- 0  # as mokken's coefH(se = FALSE)
  list(h = h[1], se = se[1], items = h[1 + 1:k], items_se = se[1 + 1:k], pairs = h[-(1:(k + 1))], pairs_se = se[-(1:(k + 1))],
       by_variances = c(sum(s) / sum(smax), unname(rowSums(s) / rowSums(smax))))
}
out$mokken <- list(ordered = mokken(d$ordered[1:4]), graded = mokken(d$graded[c(1, 3, 4, 8)]))

out$versions <- c(list(R = as.character(getRversion())), sapply(c("psych", "GPArotation", "lavaan", "statmod", "numDeriv", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "exploration.json", auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null")

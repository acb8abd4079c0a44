# Reference values for rejsens.missing, made once:  Rscript missing.R  (in this folder)
# mice draws three categories with nnet. Reads missing_people.csv (missing_data.py), sem_holes.csv and psychometrics_missing.csv; writes missing.json.
suppressMessages({library(mice); library(lavaan); library(jsonlite)})
people <- read.csv("missing_people.csv", stringsAsFactors = TRUE, na.strings = "")
bare <- function(x) unname(as.matrix(x))
out <- list()

# --- Rubin's rules on given estimates --------------------------------------------------------------------------------
set.seed(20266)
scalar <- function(m, n, k, spread) {
  q <- rnorm(m, 0.4, spread); u <- runif(m, 0.01, 0.02); p <- pool.scalar(q, u, n = n, k = k)
  list(estimates = q, variances = u, df_complete = if (is.infinite(n)) NULL else n - k, estimate = p$qbar, within = p$ubar,
       between = p$b, total = p$t, df = p$df, riv = p$r, fmi = p$fmi)
}
out$scalar <- list(small = scalar(5, 40, 3, 0.1), large = scalar(20, Inf, 1, 0.05), little_missing = scalar(20, 500, 2, 1e-4),
                   much_missing = scalar(50, 120, 6, 0.4))
imputed <- mice(people[c("known", "x", "z", "q", "y")], m = 8, maxit = 3, printFlag = FALSE, seed = 5)
fits <- lapply(1:8, function(i) lm(y ~ x + z + q, complete(imputed, i)))
s <- summary(pool(as.mira(fits)), type = "all", conf.int = TRUE)
out$fits <- list(estimates = t(sapply(fits, coef)) |> bare(), covariances = lapply(fits, function(f) bare(vcov(f))),
                 df_complete = df.residual(fits[[1]]), terms = as.character(s$term),
                 pooled = setNames(lapply(s[c("estimate", "std.error", "statistic", "df", "p.value", "2.5 %", "97.5 %", "ubar", "b", "t",
                                             "riv", "lambda", "fmi")], as.numeric),
                                   c("estimate", "se", "statistic", "df", "p", "ci_low", "ci_high", "within", "between", "total",
                                     "riv", "lambda", "fmi")))

# --- the pooled Wald test, written out from Li, Raghunathan & Rubin (1991) and Reiter (2007, eq. 1 and 2) ------------
wald <- function(keep, df) {
  q <- t(sapply(fits, coef))[, keep, drop = FALSE]; u <- Reduce(`+`, lapply(fits, function(f) vcov(f)[keep, keep])) / length(fits)
  m <- nrow(q); k <- ncol(q); b <- cov(q); r <- (1 + 1 / m) * sum(diag(b %*% solve(u))) / k
  f <- drop(colMeans(q) %*% solve((1 + r) * u) %*% colMeans(q)) / k; t <- k * (m - 1)
  if (is.infinite(df)) v <- 4 + (t - 4) * (1 + (1 - 2 / t) / r)^2 else {
    a <- r * t / (t - 2); s <- (df + 1) / (df + 3) * df; c0 <- 1 / (t - 4); c1 <- s - 2 * (1 + a); c2 <- s - 4 * (1 + a)
    v <- 4 + 1 / (1 / c2 + c0 * (a^2 * c1 / ((1 + a)^2 * c2)) + c0 * (8 * a^2 * c1 / ((1 + a) * c2^2) + 4 * a^2 / ((1 + a) * c2)) +
                    c0 * (4 * a^2 / (c2 * c1) + 16 * a^2 * c1 / c2^3) + c0 * (8 * a^2 / c2^2))
  }
  list(statistic = f, df1 = k, df2 = v, p = pf(f, k, v, lower.tail = FALSE), riv = r)
}
out$wald <- list(large = wald(2:4, Inf), small = wald(2:4, df.residual(fits[[1]])))

# --- chained equations -----------------------------------------------------------------------------------------------
M <- 60
pooled <- function(imputed, model) {
  s <- summary(pool(with(imputed, expr = eval(parse(text = sprintf("lm(%s)", model))))), type = "all")
  list(m = M, terms = as.character(s$term), estimate = s$estimate, se = s$std.error, within = s$ubar, between = s$b, fmi = s$fmi)
}
main <- "y ~ known + x + z + q + w + g"
run <- function(numbers, seed) {
  method <- c(known = "", x = numbers, z = numbers, q = "pmm", w = "logreg", g = "polyreg", y = numbers)
  pooled(mice(people, m = M, maxit = 10, method = method, printFlag = FALSE, seed = seed), main)
}
out$chained <- list(pmm = run("pmm", 1), linear = run("norm", 2))
# The product stands before the outcome, so that mice computes it again before it draws the outcome.
crossed <- transform(people[c("known", "x", "z", "y")], xz = x * z)[c("known", "x", "z", "xz", "y")]
start <- mice(crossed, maxit = 0); method <- start$method; method["xz"] <- "~I(x * z)"
matrix <- start$predictorMatrix; matrix[c("x", "z"), "xz"] <- 0
out$chained$product <- pooled(mice(crossed, m = M, maxit = 10, method = method, predictorMatrix = matrix, printFlag = FALSE, seed = 3),
                              "y ~ x + z + xz")
complete <- summary(lm(as.formula(main), people))$coefficients
out$complete_cases <- list(terms = rownames(complete), estimate = unname(complete[, 1]))

# --- Little's test: lavaan's saturated moments, the sum written out --------------------------------------------------
little <- function(data) {
  data <- data[rowSums(!is.na(data)) > 0, ]
  h1 <- lavaan:::lav_mvnorm_missing_h1_estimate_moments(Y = as.matrix(data), Mp = lavaan:::lav_data_missing_patterns(as.matrix(data)),
                                                        max.iter = 5000, tol = 1e-13)
  key <- apply(!is.na(data), 1, paste, collapse = ""); d2 <- 0; cells <- 0
  for (own in split(seq_len(nrow(data)), key)) {
    seen <- which(!is.na(data[own[1], ])); apart <- colMeans(data[own, seen, drop = FALSE]) - h1$Mu[seen]
    d2 <- d2 + length(own) * drop(t(apart) %*% solve(h1$Sigma[seen, seen, drop = FALSE]) %*% apart); cells <- cells + length(seen)
  }
  df <- cells - ncol(data)
  list(chi2 = d2, df = df, p = pchisq(d2, df, lower.tail = FALSE), patterns = length(unique(key)), n = nrow(data))
}
out$little <- list(holes = little(read.csv("sem_holes.csv")), missing = little(read.csv("psychometrics_missing.csv")),
                   people = little(people[c("known", "x", "z", "q", "y")]))
p <- md.pattern(people, plot = FALSE)
out$patterns <- list(n = as.integer(rownames(p)[-nrow(p)]), n_missing = unname(p[-nrow(p), ncol(p)]))
numbers <- people[c("known", "x", "z", "q", "y")]
out$quickpred <- lapply(c(low = 0.1, high = 0.35), function(least) unname(quickpred(numbers, mincor = least)))
out$versions <- c(list(R = as.character(getRversion())), sapply(c("mice", "nnet", "lavaan", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "missing.json", auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null")

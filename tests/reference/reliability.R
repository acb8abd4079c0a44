# Reference values for the reliability functions of rejsens.psychometrics, made once:  Rscript reliability.R  (in this folder)
# Reads psychometrics_*.csv and sem_*.csv (made by psychometrics_data.py, sem_data.py) and writes reliability.json.
suppressMessages({library(lavaan); library(psych); library(semTools); library(jsonlite)})
read <- function(name) read.csv(sprintf("%s.csv", name))
quiet <- function(expression) suppressWarnings(suppressMessages(expression))
ordinal <- read("psychometrics_ordinal"); three <- read("psychometrics_three_items")
missing <- read("psychometrics_missing"); bifactor <- read("sem_bifactor"); waves <- read("sem_waves")
q <- paste0("q", 1:6); four <- read("sem_ordinal4")[q]; three_categories <- read("sem_ordinal3")[q]
one_factor <- function(data) paste("f =~", paste(names(data), collapse = " + "))

# --- coefficient H: a defined parameter, and semTools' maximal reliability -------------------------------------------
h_of <- function(data) {
  k <- seq_len(ncol(data))
  model <- c(paste("f =~", paste0("l", k, "*", names(data), collapse = " + ")), paste0(names(data), " ~~ e", k, "*", names(data)),
             paste0("s := ", paste0("l", k, "^2/e", k, collapse = " + ")), "h := s / (1 + s)")
  row <- subset(parameterEstimates(cfa(model, data, std.lv = TRUE)), lhs == "h")
  standardised <- standardizedSolution(cfa(one_factor(data), data)); loads <- standardised$est.std[standardised$op == "=~"]
  list(estimate = row$est, se = row$se, ci_low = row$ci.lower, ci_high = row$ci.upper,
       from_loadings = 1 / (1 + 1 / sum(loads^2 / (1 - loads^2))))
}
scales <- list(ordinal = ordinal, three_items = three, continuous = missing[c("x1", "x2", "x3")])
out <- list(h = lapply(scales, h_of))

# --- bootstraps: percentile intervals of alpha and omega -------------------------------------------------------------
omega_fit <- function(m) compRelSEM(m, obs.var = FALSE)[[1]]
boot_of <- function(data, statistic, draws) {
  set.seed(1); n <- nrow(data)
  values <- replicate(draws, statistic(data[sample(n, replace = TRUE), ]))
  values <- values[is.finite(values)]
  list(draws = draws, used = length(values), sd = sd(values), ends = unname(quantile(values, c(.025, .975))))
}
raw_alpha <- function(data) { s <- cov(data); k <- ncol(data); k / (k - 1) * (1 - sum(diag(s)) / sum(s)) }
out$bootstrap <- list(
  alpha = boot_of(ordinal, raw_alpha, 20000),
  omega = boot_of(ordinal, function(d) quiet(omega_fit(cfa(one_factor(d), d, std.lv = TRUE, se = "none", test = "none"))), 2000))

# --- bifactor: omega total, hierarchical, by group, as defined parameters --------------------------------------------
items <- names(bifactor); groups <- list(f = items[1:3], g = items[4:6], h = items[7:9])
index <- setNames(seq_along(items), items)
add <- function(letter, names) paste0(letter, index[names], collapse = " + ")
group_lines <- unlist(lapply(names(groups), function(name)
  c(paste0(name, " =~ ", paste0("s", index[groups[[name]]], "*", groups[[name]], collapse = " + ")),
    sprintf("%s_c := (%s)^2", name, add("s", groups[[name]])),
    sprintf("%s_all := (%s)^2 + %s_c + %s", name, add("g", groups[[name]]), name, add("e", groups[[name]])),
    sprintf("omega_hs_%s := %s_c / %s_all", name, name, name),
    sprintf("omega_s_%s := ((%s)^2 + %s_c) / %s_all", name, add("g", groups[[name]]), name, name))))
model <- c(paste0("general =~ ", paste0("g", index, "*", items, collapse = " + ")), group_lines, paste0(items, " ~~ e", index, "*", items),
           sprintf("general_c := (%s)^2", add("g", items)), sprintf("whole := general_c + f_c + g_c + h_c + %s", add("e", items)),
           "omega_h := general_c / whole", "omega_t := (general_c + f_c + g_c + h_c) / whole")
fitted <- cfa(model, bifactor, std.lv = TRUE, orthogonal = TRUE)
rows <- subset(parameterEstimates(fitted), op == ":=" & grepl("^omega", lhs))
out$bifactor <- lapply(split(rows, rows$lhs), function(r) list(estimate = r$est, ci_low = r$ci.lower, ci_high = r$ci.upper))

# --- Schmid and Leiman: psych's omega --------------------------------------------------------------------------------
sl_of <- function(data, nfactors) {
  invisible(capture.output(o <- quiet(psych::omega(data, nfactors = nfactors, plot = FALSE, flip = FALSE))))
  list(omega_h = o$omega_h, omega_t = o$omega.tot, asymptotic = o$omega.lim, general = unname(o$schmid$sl[, "g"]), n = nrow(data))
}
set.seed(2)
out$schmid_leiman <- list(bifactor3 = sl_of(bifactor, 3), bifactor2 = sl_of(bifactor, 2), continuous3 = sl_of(read("psychometrics_continuous"), 3))

# --- ordered answers -------------------------------------------------------------------------------------------------
ordered_of <- function(data) {
  m <- quiet(cfa(one_factor(data), data, ordered = TRUE, estimator = "WLSMV", std.lv = TRUE))
  poly <- unclass(lavInspect(m, "sampstat")$cov); k <- ncol(data)
  list(omega = compRelSEM(m, ord.scale = TRUE)[[1]], omega_implied = compRelSEM(m, ord.scale = TRUE, obs.var = FALSE)[[1]],
       alpha_ordinal = quiet(psych::alpha(poly)$total$raw_alpha), n = nobs(m))
}
out$ordered <- list(four = ordered_of(four), three = ordered_of(three_categories), ordinal = ordered_of(ordinal))
categorical <- function(d) tryCatch(quiet(compRelSEM(cfa(one_factor(d), d, ordered = TRUE, estimator = "DWLS", std.lv = TRUE, se = "none", test = "none"), ord.scale = TRUE)[[1]]), error = function(e) NA)
out$bootstrap$categorical <- boot_of(four, categorical, 300)

# --- split halves ----------------------------------------------------------------------------------------------------
split_of <- function(data, ...) { s <- quiet(splitHalf(data, check.keys = FALSE, ...)); s[c("maxrb", "minrb", "meanr")] }
out$split_half <- list(bifactor_cov = split_of(na.omit(bifactor), covar = TRUE), bifactor_cor = split_of(bifactor),
                       ordinal = split_of(ordinal, covar = TRUE), four = split_of(four, covar = TRUE))

# --- agreement: ICC over waves, generalisability of items over waves -------------------------------------------------
sums <- sapply(1:3, function(t) rowMeans(waves[paste0("i", 1:4, "_w", t)]))
shrout <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7), ncol = 4, byrow = TRUE)
icc_of <- function(x) { r <- quiet(psych::ICC(x, lmer = FALSE)$results); setNames(r[c("type", "ICC", "F", "df1", "df2", "lower bound", "upper bound")], c("type", "icc", "f", "df1", "df2", "ci_low", "ci_high")) }
out$icc <- list(waves = icc_of(sums), two = icc_of(sums[, 1:2]), shrout = icc_of(shrout))
few <- waves[1:120, ]  # psych's long analysis of variance is slow with many people
long <- do.call(rbind, lapply(1:3, function(t) data.frame(id = seq_len(nrow(few)), time = t, setNames(few[paste0("i", 1:4, "_w", t)], paste0("i", 1:4)))))
m <- quiet(multilevel.reliability(long, grp = "id", Time = "time", items = paste0("i", 1:4), alpha = FALSE, lme = FALSE))
out$multilevel <- list(RkF = m$RkF, R1R = m$R1R, RkR = m$RkR, Rc = m$Rc, components = m$components[1:7, 1])

# --- omega within and between people: two levels ---------------------------------------------------------------------
parts <- do.call(rbind, lapply(1:3, function(t) setNames(waves[paste0("i", 1:4, "_w", t)], paste0("i", 1:4))))
two_level <- data.frame(parts, id = rep(seq_len(nrow(waves)), 3))
level_of <- function(number, letter) paste0(
  "level: ", number, "\n f", letter, " =~ NA*i1 + ", paste0("l", letter, 1:4, "*i", 1:4, collapse = " + "), "\n f", letter, " ~~ 1*f", letter, "\n ",
  paste0("i", 1:4, " ~~ e", letter, 1:4, "*i", 1:4, collapse = "\n "))
share <- function(letter) sprintf("(%s)^2 / ((%s)^2 + %s)", paste0("l", letter, 1:4, collapse = "+"), paste0("l", letter, 1:4, collapse = "+"), paste0("e", letter, 1:4, collapse = "+"))
ml <- quiet(cfa(paste(level_of(1, "w"), level_of(2, "b"), paste("within :=", share("w")), paste("between :=", share("b")), sep = "\n"),
                two_level, cluster = "id"))
rows <- subset(parameterEstimates(ml), op == ":=")
out$two_level <- c(list(loglik = as.numeric(logLik(ml))), lapply(split(rows, rows$lhs), function(r) list(estimate = r$est, ci_low = r$ci.lower, ci_high = r$ci.upper)))

# --- error of measurement: mean squares of an analysis of variance, chi-square quantiles -----------------------------
error_of <- function(x) {
  n <- nrow(x); k <- ncol(x); d <- data.frame(y = c(x), id = factor(rep(seq_len(n), k)), wave = factor(rep(seq_len(k), each = n)))
  ms <- summary(aov(y ~ id + wave, d))[[1]][["Mean Sq"]]; df <- (n - 1) * (k - 1)
  shift <- max(0, (ms[2] - ms[3]) / n); parts <- c(ms[2] / n, ms[3] * (1 - 1 / n)); df_a <- sum(parts)^2 / sum(parts^2 / c(k - 1, df))
  list(sem_consistency = c(sqrt(ms[3]), sqrt(df * ms[3] / qchisq(c(.975, .025), df))),
       sem_agreement = c(sqrt(ms[3] + shift), sqrt(df_a * (ms[3] + shift) / qchisq(c(.975, .025), df_a))))
}
out$error <- list(waves = error_of(sums), two = error_of(sums[, 1:2]))

out$versions <- c(list(R = as.character(getRversion())), sapply(c("lavaan", "psych", "semTools", "GPArotation", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "reliability.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")

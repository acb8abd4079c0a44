# Reference values for the factor-model engine, made once:  Rscript sem.R  (in this folder)
# Reads sem_*.csv and psychometrics_*.csv (made by sem_data.py, psychometrics_data.py) and writes sem.json.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
read <- function(name, prefix = "sem") read.csv(sprintf("%s_%s.csv", prefix, name))
d <- sapply(c("groups", "skewed", "holes", "waves", "dropout", "ordinal3", "ordinal4", "ordinal5", "ordinal_waves", "bifactor", "empty"),
            read, simplify = FALSE)
d$continuous <- read("continuous", "psychometrics")
d$missing <- read("missing", "psychometrics")

three <- "f =~ x1 + x2 + x3\n g =~ x4 + x5 + x6\n h =~ x7 + x8 + x9"
keep <- c("npar", "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr", "logl", "aic", "bic",
          "chisq.scaled", "pvalue.scaled", "chisq.scaling.factor", "cfi.scaled", "tli.scaled", "rmsea.scaled",
          "rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "cfi.robust", "tli.robust", "rmsea.robust",
          "rmsea.ci.lower.robust", "rmsea.ci.upper.robust", "baseline.chisq", "baseline.df", "baseline.chisq.scaled",
          "unrestricted.logl")
tight <- list(em.h1.tol = 1e-10, em.h1.iter.max = 5000)
quiet <- function(expression) suppressWarnings(suppressMessages(expression))
fitted <- function(model, data, ..., indices = FALSE) {
  m <- quiet(do.call("cfa", c(list(model, data), list(...), tight)))
  describe(m, indices)
}
describe <- function(m, indices = FALSE) {
  std <- standardizedSolution(m, type = "std.all")
  est <- parameterEstimates(m, remove.nonfree = FALSE)
  key <- intersect(c("lhs", "op", "rhs", "group"), names(est))
  both <- merge(est[c(key, "est", "se")], std[c(key, "est.std", "se")], by = key, suffixes = c("", ".std"), sort = FALSE)
  measures <- fitMeasures(m)
  out <- list(converged = lavInspect(m, "converged"), n = lavInspect(m, "ntotal"), fit = as.list(measures[intersect(keep, names(measures))]),
              estimates = both)
  if (indices) {
    mi <- quiet(modindices(m)); out$modification <- mi[intersect(c("lhs", "op", "rhs", "group", "mi", "epc", "sepc.all"), names(mi))]
    out$residuals <- if (lavInspect(m, "ngroups") == 1) unclass(lavResiduals(m, type = "cor.bollen", summary = FALSE)$cov) else NULL
  }
  out
}

# --- continuous items: estimators, structures ------------------------------------------------------------------------
out <- list(models = list(
  ml = fitted(three, d$continuous, indices = TRUE),
  mlm = fitted(three, d$skewed, estimator = "MLM", indices = TRUE),
  mlr = fitted(three, d$skewed, estimator = "MLR"),
  fiml = fitted(three, d$holes, missing = "ml"),
  fiml_mlr = fitted(three, d$holes, missing = "ml", estimator = "MLR"),
  residual = fitted(paste(three, "x1 ~~ x4\n x2 ~~ x7", sep = "\n"), d$skewed, indices = TRUE),
  groups = fitted(three, d$groups, group = "group", indices = TRUE),
  groups_mlm = fitted(three, d$groups, group = "group", estimator = "MLM"),
  groups_mlr = fitted(three, d$groups, group = "group", estimator = "MLR"),
  bifactor = fitted(paste("general =~ b1+b2+b3+b4+b5+b6+b7+b8+b9\n f =~ b1+b2+b3\n g =~ b4+b5+b6\n h =~ b7+b8+b9"), d$bifactor,
                    std.lv = TRUE, orthogonal = TRUE),
  second_order = fitted(paste(three, "general =~ f + g + h", sep = "\n"), d$skewed),
  second_order_variance = fitted(paste(three, "general =~ f + g + h", sep = "\n"), d$skewed, std.lv = TRUE),
  one_factor = fitted("general =~ x1+x2+x3+x4+x5+x6+x7+x8+x9", d$skewed),
  method = fitted("f =~ b1+b2+b3\n g =~ b4+b5+b6\n h =~ b7+b8+b9\n method =~ b3 + b6 + b9\n method ~~ 0*f + 0*g + 0*h", d$bifactor)))

# --- models as tables: cross-lagged panel with random intercepts, growth, latent change ------------------------------
panel <- data.frame(x1 = d$dropout$i1_w1, x2 = d$dropout$i1_w2, x3 = d$dropout$i1_w3,
                    y1 = d$dropout$i4_w1, y2 = d$dropout$i4_w2, y3 = d$dropout$i4_w3)
riclpm <- "rx =~ 1*x1 + 1*x2 + 1*x3\n ry =~ 1*y1 + 1*y2 + 1*y3
  wx1 =~ 1*x1\n wx2 =~ 1*x2\n wx3 =~ 1*x3\n wy1 =~ 1*y1\n wy2 =~ 1*y2\n wy3 =~ 1*y3
  wx2 + wy2 ~ wx1 + wy1\n wx3 + wy3 ~ wx2 + wy2
  wx1 ~~ wy1\n wx2 ~~ wy2\n wx3 ~~ wy3\n rx ~~ ry
  rx ~~ rx\n ry ~~ ry\n wx1 ~~ wx1\n wx2 ~~ wx2\n wx3 ~~ wx3\n wy1 ~~ wy1\n wy2 ~~ wy2\n wy3 ~~ wy3
  x1 ~ 1\n x2 ~ 1\n x3 ~ 1\n y1 ~ 1\n y2 ~ 1\n y3 ~ 1"
raw <- function(model, data, ...) describe(quiet(do.call("lavaan", c(list(model, data), list(...), tight))))
out$models$riclpm <- raw(riclpm, panel, missing = "ml", meanstructure = TRUE)
growth_model <- "level =~ 1*x1 + 1*x2 + 1*x3\n slope =~ 0*x1 + 1*x2 + 2*x3\n level ~~ level + slope\n slope ~~ slope
  level ~ 1\n slope ~ 1\n x1 ~~ e*x1\n x2 ~~ e*x2\n x3 ~~ e*x3"
out$models$growth <- raw(growth_model, panel, missing = "ml", meanstructure = TRUE)

# --- invariance by groups --------------------------------------------------------------------------------------------
rungs <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
              strict = c("loadings", "intercepts", "residuals"))
measures <- function(m) { if (!lavInspect(m, "converged")) return(list(converged = FALSE)); x <- fitMeasures(m); as.list(x[intersect(keep, names(x))]) }
compared <- function(fits, ...) {
  if (!all(sapply(fits, lavInspect, "converged"))) return(NULL)
  table <- quiet(do.call(lavTestLRT, c(list(fits[[1]]), unname(fits[-1]), list(...))))
  lapply(seq_len(nrow(table))[-1], function(i) list(chi2 = table[i, "Chisq diff"], df = table[i, "Df diff"], p = table[i, "Pr(>Chisq)"]))
}
ladder <- function(model, data, partial = "", ...) {
  fits <- lapply(rungs, function(equal) quiet(do.call("cfa", c(list(model, data, group = "group", group.equal = equal,
                                                       group.partial = partial), list(...), tight))))
  list(fit = lapply(fits, measures), difference = compared(fits))
}
out$groups <- list(
  ml = ladder(three, d$groups), mlr = ladder(three, d$groups, estimator = "MLR"), mlm = ladder(three, d$groups, estimator = "MLM"),
  partial = ladder(three, d$groups, partial = "x5 ~ 1"))
fits <- lapply(rungs, function(equal) cfa(three, d$groups, group = "group", group.equal = equal, estimator = "MLM"))
out$groups$satorra2000 <- quiet(compared(fits, method = "satorra.2000"))

scalar <- cfa(three, d$groups, group = "group", group.equal = c("loadings", "intercepts"), std.lv = TRUE)
uni <- lavTestScore(scalar)$uni; table <- parTable(scalar); freed <- table[match(uni$lhs, table$plabel), ]
out$groups$score <- data.frame(op = freed$op, item = ifelse(freed$op == "=~", freed$rhs, freed$lhs), chi2 = uni$X2)

# --- invariance by waves ---------------------------------------------------------------------------------------------
wave_model <- function(level, drift = FALSE) {
  lines <- c()
  for (t in 1:3) {
    lambda <- if (level > 0) paste0("l", 1:4, "*") else ""
    lines <- c(lines, sprintf("f%d =~ %s", t, paste0(lambda, "i", 1:4, "_w", t, collapse = " + ")))
    nu <- if (level > 1) paste0("n", 1:4, if (drift && t == 3) c("", "x", "", "") else "", "*") else rep("", 4)
    lines <- c(lines, sprintf("i%d_w%d ~ %s1", 1:4, t, nu))
    th <- if (level > 2) paste0("e", 1:4, "*") else rep("", 4)
    lines <- c(lines, sprintf("i%d_w%d ~~ %si%d_w%d", 1:4, t, th, 1:4, t))
    lines <- c(lines, sprintf("f%d ~ %s1", t, if (level > 1 && t > 1) "" else "0*"),
               sprintf("f%d ~~ %sf%d", t, if (level > 0 && t > 1) "NA*" else "1*", t))
  }
  for (j in 1:4) lines <- c(lines, sprintf("i%d_w1 ~~ i%d_w2 + i%d_w3", j, j, j), sprintf("i%d_w2 ~~ i%d_w3", j, j))
  paste(c(lines, "f1 ~~ f2 + f3", "f2 ~~ f3"), collapse = "\n")
}
by_waves <- function(data, drift = FALSE, ...) {
  fits <- lapply(0:3, function(level) quiet(do.call("lavaan", c(list(wave_model(level, drift), data,
      auto.fix.first = FALSE, meanstructure = TRUE), list(...), tight))))
  names(fits) <- names(rungs)
  list(fit = lapply(fits, measures), difference = compared(fits))
}
out$waves <- list(ml = by_waves(d$waves), fiml = by_waves(d$dropout, missing = "ml"),
                  fiml_mlr = by_waves(d$dropout, missing = "ml", estimator = "MLR"), partial = by_waves(d$waves, drift = TRUE))

# --- ordered items ---------------------------------------------------------------------------------------------------
q <- paste0("q", 1:6); two <- "f =~ q1 + q2 + q3\n g =~ q4 + q5 + q6"
binary <- d$ordinal4; binary[q] <- lapply(binary[q], function(x) as.integer(x > 1))
regrouped <- d$empty; regrouped$q2 <- pmin(regrouped$q2, 3)
wlsmv <- function(model, data, ...) fitted(model, data, ordered = TRUE, estimator = "WLSMV", ...)
out$models$wlsmv4 <- wlsmv(two, d$ordinal4, indices = TRUE)
out$models$wlsmv5 <- wlsmv(two, d$ordinal5)
out$models$wlsmv3 <- wlsmv(two, d$ordinal3)
out$models$wlsmv2 <- wlsmv(two, binary)
out$models$wlsmv_one <- wlsmv("f =~ q1+q2+q3+q4+q5+q6", d$ordinal4, indices = TRUE)
out$models$wlsmv_residual <- wlsmv(paste(two, "q1 ~~ q4", sep = "\n"), d$ordinal4)
out$models$wlsmv_groups <- wlsmv(two, d$ordinal5, group = "group")
out$models$wlsmv_empty <- wlsmv(two, regrouped, group = "group")
stats <- cfa(two, d$ordinal4, ordered = TRUE, estimator = "WLSMV")
out$polychoric <- list(correlations = unclass(lavInspect(stats, "sampstat")$cov), thresholds = as.numeric(lavInspect(stats, "sampstat")$th),
                       acov = unclass(lavInspect(stats, "gamma")))

ordered_rungs <- list(configural = "", thresholds = "thresholds", loadings = c("thresholds", "loadings"),
  intercepts = c("thresholds", "loadings", "intercepts"), `unique variances` = c("thresholds", "loadings", "intercepts", "residuals"))
ordered_ladder <- function(rungs, ...) {
  fits <- lapply(rungs, function(equal) quiet(measEq.syntax(..., estimator = "WLSMV", parameterization = "theta", ID.fac = "std.lv",
    ID.cat = "Wu.Estabrook.2016", group.equal = if (long) "" else equal, long.equal = if (long) equal else "", return.fit = TRUE)))
  list(fit = lapply(fits, measures), difference = compared(fits))
}
long <- FALSE
out$ordered <- list(
  groups4 = ordered_ladder(ordered_rungs, two, data = d$ordinal4, group = "group", ordered = q),
  groups5 = ordered_ladder(ordered_rungs, two, data = d$ordinal5, group = "group", ordered = q),
  groups3 = ordered_ladder(ordered_rungs[-2], two, data = d$ordinal3, group = "group", ordered = q),
  groups2 = ordered_ladder(ordered_rungs[-(2:3)], two, data = binary, group = "group", ordered = q))
long <- TRUE
by_item <- sapply(paste0("i", 1:4), function(i) paste0(i, "_w", 1:3), simplify = FALSE)
configural <- paste(sprintf("f%d =~ %s", 1:3, sapply(1:3, function(t) paste0("i", 1:4, "_w", t, collapse = " + "))), collapse = "\n")
out$ordered$waves <- ordered_ladder(ordered_rungs, configural, data = d$ordinal_waves, ordered = names(d$ordinal_waves),
                                    longFacNames = list(f = paste0("f", 1:3)), longIndNames = by_item, auto = "all")

out$versions <- c(list(R = as.character(getRversion())), sapply(c("lavaan", "semTools", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "sem.json", auto_unbox = TRUE, digits = NA, na = "null")

# More reference values for the factor-model engine:  Rscript sem_mixed.R  (in this folder)
# Ordered and continuous items in one model, and the test of close fit. Reads sem_*.csv, psychometrics_continuous.csv and
# writes sem_mixed.json.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
read <- function(name, prefix = "sem") read.csv(sprintf("%s_%s.csv", prefix, name))
d <- read("mixed"); q <- paste0("q", 1:4)
quiet <- function(expression) suppressWarnings(suppressMessages(expression))
keep <- c("npar", "chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "chisq.scaled", "pvalue.scaled", "chisq.scaling.factor",
          "cfi.scaled", "tli.scaled", "rmsea.scaled", "rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled",
          "baseline.chisq", "baseline.df", "baseline.chisq.scaled")
measures <- function(m) { x <- fitMeasures(m); as.list(x[intersect(keep, names(x))]) }
described <- function(m) {
  std <- standardizedSolution(m, type = "std.all"); est <- parameterEstimates(m, remove.nonfree = FALSE)
  key <- intersect(c("lhs", "op", "rhs", "group"), names(est))
  mi <- quiet(modindices(m))
  list(fit = measures(m), estimates = merge(est[c(key, "est", "se")], std[c(key, "est.std", "se")], by = key, suffixes = c("", ".std"), sort = FALSE),
       modification = mi[intersect(c("lhs", "op", "rhs", "group", "mi", "epc", "sepc.all"), names(mi))])
}
two <- "f =~ y1 + q1 + q2 + y2\n g =~ q3 + y3 + q4 + y4"
mixed <- function(model, ...) quiet(cfa(model, d, ordered = q, estimator = "WLSMV", ...))
out <- list(models = list(
  delta = described(mixed(two)), theta = described(mixed(two, parameterization = "theta")),
  residual = described(mixed(paste(two, "y1 ~~ q3\n y2 ~~ y3", sep = "\n"))),
  one_factor = described(mixed("f =~ y1 + q1 + q2 + y2 + q3 + y3 + q4 + y4")),
  groups = described(mixed(two, group = "group"))))

m <- mixed(two); stats <- lavInspect(m, "sampstat"); gamma <- unclass(lavInspect(m, "gamma"))
out$moments <- list(covariances = unclass(stats$cov), items = rownames(stats$cov), means = as.list(stats$mean), thresholds = as.list(stats$th),
                    gamma = gamma, names = rownames(gamma))

rungs <- list(configural = "", thresholds = "thresholds", loadings = c("thresholds", "loadings"),
  intercepts = c("thresholds", "loadings", "intercepts"), `unique variances` = c("thresholds", "loadings", "intercepts", "residuals"))
# Like units: lavaan's difference test drops directions whose spread is below 1e-8 of the largest.
even <- transform(d, y1 = y1 / 2, y2 = y2 / 10, y3 = y3 / 3, y4 = y4 * 10)
fits <- lapply(rungs, function(equal) quiet(measEq.syntax(two, data = even, group = "group", ordered = q, estimator = "WLSMV",
  parameterization = "theta", ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group.equal = equal, return.fit = TRUE)))
table <- quiet(do.call(lavTestLRT, c(list(fits[[1]]), unname(fits[-1]))))
out$ladder <- list(fit = lapply(fits, measures), difference = lapply(seq_len(nrow(table))[-1],
  function(i) list(chi2 = table[i, "Chisq diff"], df = table[i, "Df diff"], p = table[i, "Pr(>Chisq)"])))

# --- partial invariance of ordered items: one item with another intercept in group two ------------------------------
moved <- read("ordinal5"); up <- moved$group == "two" & moved$q2 < 4 & seq_len(nrow(moved)) %% 2 == 0; moved$q2[up] <- moved$q2[up] + 1
pair <- "f =~ q1 + q2 + q3\n g =~ q4 + q5 + q6"
step <- function(equal, partial = "") quiet(measEq.syntax(pair, data = moved, group = "group", ordered = paste0("q", 1:6), estimator = "WLSMV",
  parameterization = "theta", ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group.equal = equal, group.partial = partial, return.fit = TRUE))
difference <- function(free, restricted) { x <- quiet(lavTestLRT(free, restricted)); list(chi2 = x[2, "Chisq diff"], df = x[2, "Df diff"], p = x[2, "Pr(>Chisq)"]) }
before <- step(rungs[["loadings"]]); free <- step(rungs[["intercepts"]], "q2 ~ 1")
out$partial <- list(full = difference(before, step(rungs[["intercepts"]])), partial = difference(before, free),
  above = difference(free, step(rungs[["unique variances"]], c("q2 ~ 1", "q2 ~~ q2"))))

# --- the test of close fit (RMSEA of .05 or less) --------------------------------------------------------------------
three <- "f =~ x1 + x2 + x3\n g =~ x4 + x5 + x6\n h =~ x7 + x8 + x9"
close <- function(...) { x <- quiet(fitMeasures(cfa(...))); as.list(x[grep("^rmsea.pvalue", names(x))]) }
out$close <- list(
  ml = close(three, read("continuous", "psychometrics")), mlm = close(three, read("skewed"), estimator = "MLM"),
  mlr = close(three, read("skewed"), estimator = "MLR"),
  fiml_mlr = close(three, read("holes"), missing = "ml", estimator = "MLR", em.h1.tol = 1e-10, em.h1.iter.max = 5000),
  groups = close(three, read("groups"), group = "group"),
  one_factor = close("f =~ x1+x2+x3+x4+x5+x6+x7+x8+x9", read("skewed"), estimator = "MLM"),
  wlsmv = close(pair, read("ordinal4"), ordered = TRUE, estimator = "WLSMV"),
  wlsmv_one = close("f =~ q1+q2+q3+q4+q5+q6", read("ordinal4"), ordered = TRUE, estimator = "WLSMV"))

out$versions <- c(list(R = as.character(getRversion())), sapply(c("lavaan", "semTools", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "sem_mixed.json", auto_unbox = TRUE, digits = NA, na = "null")

# Standardised estimates and their standard errors at every rung of invariance:  Rscript sem_rungs.R  (in this folder)
# The ladders are those of sem.R; reads sem_*.csv and writes sem_rungs.json.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
read <- function(name) read.csv(sprintf("sem_%s.csv", name))
quiet <- function(expression) suppressWarnings(suppressMessages(expression))
source_parts <- parse("sem.R")  # the models, rungs and syntax of sem.R, without its fits
wanted <- c("three", "tight", "rungs", "wave_model", "q", "two", "ordered_rungs", "by_item", "configural")
named <- function(e) is.call(e) && identical(e[[1]], as.name("<-")) && is.name(e[[2]]) && as.character(e[[2]]) %in% wanted
for (line in source_parts) if (named(line)) eval(line)
q <- paste0("q", 1:6); two <- "f =~ q1 + q2 + q3\n g =~ q4 + q5 + q6"

rows <- function(m) {
  x <- standardizedSolution(m, type = "std.all")
  x <- x[x$op %in% c("=~", "~~", "~1", "|"), intersect(c("lhs", "op", "rhs", "group", "est.std", "se"), names(x))]
  x[!is.na(x$est.std), ]
}
groups <- function(..., data = read("groups"), of = rows) lapply(rungs, function(equal) of(quiet(do.call("cfa", c(list(three, data,
  group = "group", group.equal = equal, ...), tight)))))
holes <- read("groups")  # every eleventh answer of a slanting pattern is lost
for (j in 1:9) holes[(seq_len(nrow(holes)) * 7 + j * 3) %% 11 == 0, j] <- NA
kept <- c("chisq", "df", "chisq.scaled", "cfi", "tli", "rmsea", "srmr", "logl", "cfi.robust", "tli.robust", "rmsea.robust")
fits <- function(m) { x <- fitMeasures(m); as.list(x[intersect(kept, names(x))]) }
waves <- function(data, ...) setNames(lapply(0:3, function(level) rows(quiet(do.call("lavaan", c(list(wave_model(level), data,
  auto.fix.first = FALSE, meanstructure = TRUE), list(...), tight))))), names(rungs))
ordered_groups <- function(data) lapply(ordered_rungs, function(equal) rows(quiet(measEq.syntax(two, data = data, group = "group",
  ordered = q, estimator = "WLSMV", parameterization = "theta", ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016",
  group.equal = equal, return.fit = TRUE))))
ordered_waves <- function(data) lapply(ordered_rungs, function(equal) rows(quiet(measEq.syntax(configural, data = data,
  ordered = names(data), estimator = "WLSMV", parameterization = "theta", ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016",
  long.equal = equal, longFacNames = list(f = paste0("f", 1:3)), longIndNames = by_item, auto = "all", return.fit = TRUE))))

out <- list(
  groups = list(ml = groups(), mlm = groups(estimator = "MLM"), mlr = groups(estimator = "MLR"),
                fiml = groups(data = holes, missing = "ml"), fiml_mlr = groups(data = holes, missing = "ml", estimator = "MLR")),
  waves = list(ml = waves(read("waves")), fiml = waves(read("dropout"), missing = "ml"),
               fiml_mlr = waves(read("dropout"), missing = "ml", estimator = "MLR")),
  ordered = list(groups4 = ordered_groups(read("ordinal4")), groups5 = ordered_groups(read("ordinal5")),
                 waves = ordered_waves(read("ordinal_waves"))))
out$fit <- list(fiml = groups(data = holes, missing = "ml", of = fits),
                fiml_mlr = groups(data = holes, missing = "ml", estimator = "MLR", of = fits))
out$versions <- c(list(R = as.character(getRversion())), sapply(c("lavaan", "semTools", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "sem_rungs.json", auto_unbox = TRUE, digits = 8, na = "null", dataframe = "columns")

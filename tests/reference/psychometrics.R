# Reference values for rejsens.psychometrics, made once:  Rscript psychometrics.R  (in this folder)
# Reads psychometrics_*.csv (made by psychometrics_data.py) and writes psychometrics.json.
suppressMessages({library(lavaan); library(psych); library(semTools); library(jsonlite)})

read <- function(name) read.csv(sprintf("psychometrics_%s.csv", name))
d <- list(continuous = read("continuous"), ordinal = read("ordinal"), three_items = read("three_items"),
          missing = read("missing"), heywood = read("heywood"), misfit = read("misfit"))
indices <- c("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr", "logl", "aic", "bic")
one_factor <- function(data) paste("f =~", paste(names(data), collapse = " + "))

fitted <- function(model, data, ...) {
  m <- suppressWarnings(cfa(model, data, ...))
  estimates <- parameterEstimates(m); std <- standardizedSolution(m, type = "std.all")
  loads <- estimates$op == "=~"; residual <- estimates$op == "~~" & estimates$lhs == estimates$rhs & estimates$lhs %in% names(data)
  between <- std$op == "~~" & std$lhs != std$rhs
  list(converged = lavInspect(m, "converged"), n = nobs(m), n_total = nrow(data), fit = as.list(fitMeasures(m, indices)),
       loadings = cbind(estimates[loads, c("lhs", "rhs", "est", "se", "ci.lower", "ci.upper")],
                        std[loads, c("est.std", "se", "ci.lower", "ci.upper")] |>
                          setNames(c("std", "std_se", "std_ci_low", "std_ci_high"))),
       residual_variances = estimates[residual, c("lhs", "est", "se")],
       factor_correlations = std[between, c("lhs", "rhs", "est.std", "se", "ci.lower", "ci.upper")],
       covariance = unclass(vcov(m)), parameters = names(coef(m)), coef = unname(coef(m)))
}

three <- "f =~ x1 + x2 + x3\n g =~ x4 + x5 + x6\n h =~ x7 + x8 + x9"
out <- list(models = list(
  continuous = fitted(three, d$continuous),
  continuous_variance = fitted(three, d$continuous, std.lv = TRUE),
  crossed = fitted("f =~ x1 + x2 + x3 + x9\n g =~ x4 + x5 + x6\n h =~ x7 + x8 + x9", d$continuous),
  missing = fitted(three, d$missing),
  ordinal = fitted(one_factor(d$ordinal), d$ordinal),
  three_items = fitted(one_factor(d$three_items), d$three_items),
  heywood = fitted(one_factor(d$heywood), d$heywood),
  misfit = fitted(one_factor(d$misfit), d$misfit)))

# --- reliability: psych's alpha with Feldt's interval, omega as a parameter of the one-factor model -------------------
omega_of <- function(data) {
  k <- seq_len(ncol(data))
  model <- c(paste("f =~", paste0("l", k, "*", names(data), collapse = " + ")), paste0(names(data), " ~~ e", k, "*", names(data)),
             paste0("omega := (", paste0("l", k, collapse = "+"), ")^2 / ((", paste0("l", k, collapse = "+"), ")^2 + ",
                    paste0("e", k, collapse = "+"), ")"))
  m <- cfa(model, data, std.lv = TRUE)
  row <- subset(parameterEstimates(m), lhs == "omega")
  plain <- cfa(one_factor(data), data, std.lv = TRUE)
  list(estimate = row$est, se = row$se, ci_low = row$ci.lower, ci_high = row$ci.upper, n = nobs(m),
       semtools = compRelSEM(plain, obs.var = FALSE)[[1]])
}
alpha_of <- function(data) {
  complete <- na.omit(data)
  invisible(capture.output(a <- suppressWarnings(psych::alpha(complete, check.keys = FALSE))))
  list(estimate = a$total$raw_alpha, ci_low = a$feldt$lower.ci[[1]], ci_high = a$feldt$upper.ci[[1]], n = nrow(complete),
       item_rest = a$item.stats$r.drop, alpha_if_dropped = a$alpha.drop$raw_alpha)
}
scales <- list(ordinal = d$ordinal, three_items = d$three_items, continuous = d$continuous[1:3], missing = d$missing)
out$alpha <- lapply(scales, alpha_of)
out$omega <- lapply(scales, omega_of)

pair <- d$missing[c("x4", "x5")]; complete <- na.omit(pair)
test <- cor.test(complete$x4, complete$x5)
step_up <- function(r) 2 * r / (1 + r)
out$spearman_brown <- list(estimate = suppressWarnings(psych::alpha(complete))$total$std.alpha, n = nrow(complete),
                           ci_low = step_up(test$conf.int[1]), ci_high = step_up(test$conf.int[2]))

out$items <- list(mean = unname(colMeans(d$missing, na.rm = TRUE)), sd = unname(sapply(d$missing, sd, na.rm = TRUE)),
                  n = unname(colSums(!is.na(d$missing))))
out$versions <- c(list(R = as.character(getRversion())), sapply(c("lavaan", "psych", "semTools", "jsonlite"),
  function(p) as.character(packageVersion(p)), simplify = FALSE))
write_json(out, "psychometrics.json", auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null")

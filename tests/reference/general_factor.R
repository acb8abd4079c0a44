# Reference values for rejsens.psychometrics.omega_general, made once:  Rscript general_factor.R  (in this folder)
# Reads sem_bifactor.csv (made by sem_data.py) and writes general_factor.json. The bifactor model itself is in reliability.R.
suppressMessages({library(lavaan); library(jsonlite)})
data <- read.csv("sem_bifactor.csv"); items <- names(data); index <- setNames(seq_along(items), items)
add <- function(letter, names, power = "") paste0(letter, index[names], power, collapse = " + ")
omegas <- function(fitted) {
  rows <- subset(parameterEstimates(fitted), op == ":=" & grepl("^omega", lhs))
  lapply(split(rows, rows$lhs), function(r) list(estimate = r$est, ci_low = r$ci.lower, ci_high = r$ci.upper))
}
residuals <- paste0(items, " ~~ e", index, "*", items)

# --- one factor above three: what is of the factor above, and what is of the three alone ------------------------------
groups <- list(f = items[1:3], g = items[4:6], h = items[7:9])
lines <- unlist(lapply(names(groups), function(name)
  c(paste0(name, " =~ ", paste0("l", index[groups[[name]]], "*", groups[[name]], collapse = " + ")),
    sprintf("%s_sum := %s", name, add("l", groups[[name]])),
    sprintf("%s_all := (%s_sum)^2 * (1 + c%s^2) + %s", name, name, name, add("e", groups[[name]])),
    sprintf("omega_s_%s := (%s_sum)^2 * (1 + c%s^2) / %s_all", name, name, name, name),
    sprintf("omega_hs_%s := (%s_sum)^2 / %s_all", name, name, name))))
second <- c(lines, "general =~ cf*f + cg*g + ch*h", residuals, "above := (f_sum*cf + g_sum*cg + h_sum*ch)^2",
            "own := f_sum^2 + g_sum^2 + h_sum^2", sprintf("whole := above + own + %s", add("e", items)),
            "omega_h := above / whole", "omega_t := (above + own) / whole")

# --- one factor, and one of three items taken as the reversed ones ----------------------------------------------------
turned <- groups$g
method <- c(paste0("f =~ ", paste0("l", index, "*", items, collapse = " + ")),
            paste0("method =~ ", paste0("m", index[turned], "*", turned, collapse = " + ")), "f ~~ 0*method", residuals,
            sprintf("content := (%s)^2", add("l", items)), sprintf("turned := (%s)^2", add("m", turned)),
            sprintf("whole := content + turned + %s", add("e", items)),
            "omega_h := content / whole", "omega_t := (content + turned) / whole")

out <- list(second_order = omegas(cfa(second, data, std.lv = TRUE)), method = omegas(cfa(method, data, std.lv = TRUE)),
            versions = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan"))))
write_json(out, "general_factor.json", auto_unbox = TRUE, digits = 10, pretty = TRUE)

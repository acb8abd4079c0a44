# Direct quartimin from the unrotated factors and from 20 random turns:  Rscript rotation.R  (in this folder)
# Reads rotation_loadings.csv, whose rotation has a second minimum, and writes rotation.json.
suppressMessages({library(GPArotation); library(jsonlite)})
set.seed(1)
loadings <- as.matrix(read.csv("rotation_loadings.csv", header = FALSE))
quartimin <- function(l) { s <- l^2; (sum(rowSums(s)^2) - sum(s^2)) / 2 }
loadings_of <- function(start) GPFoblq(loadings, Tmat = start, method = "quartimin", eps = 1e-6, maxit = 3000)$loadings
found <- lapply(1:20, function(i) loadings_of(Random.Start(4)))
values <- sapply(found, quartimin)
write_json(list(unrotated_start = quartimin(loadings_of(diag(4))), lowest = min(values), largest_loading = max(abs(found[[which.min(values)]])),
  versions = list(R = as.character(getRversion()), GPArotation = as.character(packageVersion("GPArotation")))),
  "rotation.json", auto_unbox = TRUE, digits = NA)

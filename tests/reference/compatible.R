# Interactions under imputation: smcfcs (Bartlett et al., 2015) on the simulated people of missing_data.py, pooled by Rubin's rules.
# Rscript compatible.R, in this folder; writes compatible.json.
library(smcfcs); library(jsonlite)
people <- read.csv("missing_people.csv")[c("known", "x", "z", "y")]
M <- 40
set.seed(20260511)
drawn <- smcfcs(people, smtype = "lm", smformula = "y ~ known + x + z + x*z", m = M, numit = 10, noisy = FALSE,
                method = c("", "norm", "norm", ""))
fits <- lapply(drawn$impDatasets, function(one) lm(y ~ known + x + z + x:z, one))
estimates <- sapply(fits, coef); within <- rowMeans(sapply(fits, function(fit) diag(vcov(fit))))
between <- apply(estimates, 1, var)
write_json(list(m = M, terms = c("(Intercept)", "known", "x", "z", "xz"), estimate = unname(rowMeans(estimates)),
                within = unname(within), between = unname(between),
                versions = list(R = as.character(getRversion()), smcfcs = as.character(packageVersion("smcfcs")))),
           "compatible.json", digits = 10, auto_unbox = TRUE, pretty = TRUE)

suppressMessages(library(lme4)); d <- read.csv("evidence31.csv"); d$report <- factor(seq_len(nrow(d)))
fit <- function() suppressMessages(suppressWarnings(glmer(cbind(x, n - x) ~ 1 + (1 | report), data = d, family = binomial, nAGQ = 25)))
invisible(fit()); times <- replicate(20, system.time(fit())[["elapsed"]])
cat(format(median(times), digits = 15), "\n")

#!/usr/bin/env Rscript
# The models of tables/methods.csv, fitted again by other programs from the counts in tables/clusters.csv.
# Written by `metaimt build`. Needs R with metafor and lme4:   Rscript reproduce.R
# Exit status: 0 all agree, 1 a difference is larger than its tolerance, 2 it cannot be run.
title <- "ALK inhibitors in inflammatory myofibroblastic tumour"
version <- "2026.2"

# Tolerances, absolute, on the rate (0 to 1), and why they are not all zero:
tolerances <- c(
  "closed form" = 1e-8,     # the tables have 10 significant digits, 8 of the models for comparison
  "search" = 1e-6,          # ML, REML, beta-binomial: R stops its search near the maximum
  "quadrature" = 1e-3)      # lme4: 25 nodes, and its search stops early where the likelihood is flat
# Knapp-Hartung is metafor's test = "adhoc", which never narrows the interval; ours is that form.
# Double arcsine is transformed back with the harmonic mean of n, and cut off at the ends, by both.
# Raw proportions: metafor's limits may leave 0 to 1; ours are cut off there, and R's are cut off here.
# Where tau is not identified (single cases only, or every larger report unanimous) the GLMM is the binomial.

missing <- c("metafor", "lme4")[!sapply(c("metafor", "lme4"), requireNamespace, quietly = TRUE)]
if (length(missing)) { message("R has no package ", paste(missing, collapse = ", ")); quit(status = 2) }
suppressMessages({ library(metafor); library(lme4) })

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
folder <- if (length(script)) dirname(gsub("~+~", " ", script[1], fixed = TRUE)) else "."
table_of <- function(name) {
  path <- file.path(folder, "tables", name)
  if (!file.exists(path)) { message(path, " is missing; run metaimt build"); quit(status = 2) }
  read.csv(path, colClasses = "character", na.strings = character(), check.names = FALSE, encoding = "UTF-8")
}

binomial_limits <- function(x, n) as.numeric(binom.test(x, n)$conf.int)
crude <- function(x, n, name) {
  X <- sum(x); N <- sum(n)
  limits <- switch(name,
    "clopper-pearson" = binomial_limits(X, N),
    "wilson" = as.numeric(suppressWarnings(prop.test(X, N, correct = FALSE))$conf.int),
    "jeffreys" = c(if (X == 0) 0 else qbeta(.025, X + .5, N - X + .5), if (X == N) 1 else qbeta(.975, X + .5, N - X + .5)))
  list(rate = c(X / N, limits), kind = "closed form", by = "base R")
}

# ---- inverse variance: metafor ----
SCALES <- list("logit" = c("PLO", "only0"), "logit-all" = c("PLO", "all"), "arcsine" = c("PAS", "none"),
               "double-arcsine" = c("PFT", "none"), "raw" = c("PR", "only0"))
METHODS <- c("fe" = "FE", "dl" = "DL", "hedges" = "HE", "ml" = "ML", "reml" = "REML")
inverse_variance <- function(x, n, scale, method, adhoc) {
  measure <- SCALES[[scale]][1]
  sizes <- escalc(measure = measure, xi = x, ni = n, to = SCALES[[scale]][2])
  searched <- method %in% c("ml", "reml")
  control <- if (searched) list(threshold = 1e-12, tol = 1e-12, maxiter = 10000, stepadj = 0.5) else list()
  fit <- suppressWarnings(rma(yi, vi, data = sizes, method = if (length(x) == 1) "FE" else METHODS[[method]],
                              test = if (adhoc) "adhoc" else "z", control = control))
  found <- c(as.numeric(fit$b), fit$ci.lb, fit$ci.ub)
  back <- switch(measure, PLO = transf.ilogit(found), PAS = transf.iarcsin(found), PR = pmin(pmax(found, 0), 1),
                 PFT = sapply(found, function(value) transf.ipft.hm(value, targs = list(ni = n))))
  list(rate = as.numeric(back), kind = if (searched) "search" else "closed form", by = "metafor")
}

# ---- exact likelihoods: lme4, and the beta-binomial by base R ----
spread_seen <- function(x, n) any(n >= 2 & x > 0 & x < n) || length(unique(x[n >= 2] / n[n >= 2])) > 1
mixed_model <- function(x, n, rate) {
  if (length(x) == 1 || !spread_seen(x, n))
    return(list(rate = c(sum(x) / sum(n), NA, NA), kind = "quadrature", by = "base R"))
  data <- data.frame(x = x, n = n, report = factor(seq_along(x)))
  fit <- suppressMessages(suppressWarnings(glmer(cbind(x, n - x) ~ 1 + (1 | report), data = data, family = binomial,
    nAGQ = 25, control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10, optCtrl = list(rhoend = 1e-8)))))
  mu <- as.numeric(fixef(fit)); tau <- sqrt(as.numeric(VarCorr(fit)$report))
  centre <- if (rate == "median" || tau < 1e-6) plogis(mu)
    else integrate(function(z) plogis(mu + tau * z) * dnorm(z), -Inf, Inf, rel.tol = 1e-10)$value
  list(rate = c(centre, NA, NA), kind = "quadrature", by = "lme4")
}
log_likelihood <- function(mu, rho, x, n) {
  if (rho < 1e-7) return(sum(dbinom(x, n, mu, log = TRUE)))
  a <- mu * (1 - rho) / rho; b <- (1 - mu) * (1 - rho) / rho
  sum(lchoose(n, x) + lbeta(x + a, n - x + b) - lbeta(a, b))
}
profile_of <- function(mu, x, n) max(log_likelihood(mu, 0, x, n),
  optimize(function(rho) log_likelihood(mu, rho, x, n), c(1e-6, 1 - 1e-9), maximum = TRUE, tol = 1e-12)$objective)
beta_binomial <- function(x, n, name) {
  X <- sum(x); N <- sum(n); K <- length(x)
  if (K == 1 || all(n == 1) || !spread_seen(x, n)) {
    limits <- if (K == 1 || all(n == 1)) binomial_limits(X, N) else c(NA, NA)
    if (name != "beta-binomial") limits <- c(NA, NA)
    return(list(rate = c(X / N, limits), kind = "search", by = "base R"))
  }
  at <- function(mu) profile_of(mu, x, n)
  best <- optimize(at, c(1e-6, 1 - 1e-6), maximum = TRUE, tol = 1e-10)
  few <- name == "beta-binomial" && K < 10     # then the interval is the posterior's, which is not fitted here
  cut <- if (name == "beta-binomial") qf(.95, 1, max(K - 2, 1)) else qchisq(.95, 1)
  beyond <- function(mu) 2 * (best$objective - at(mu)) - cut
  limit <- function(end) if (few) NA else if (beyond(end) <= 0) round(end)
    else uniroot(beyond, sort(c(end, best$maximum)), tol = 1e-12)$root
  list(rate = c(best$maximum, limit(1e-9), limit(1 - 1e-9)), kind = "search", by = "base R")
}

refit <- function(row, x, n) {
  if (row$section == "crude") return(crude(x, n, row$model))
  if (row$model == "glmm") return(mixed_model(x, n, row$rate))
  if (row$model %in% c("beta-binomial", "beta-binomial-chi2")) return(beta_binomial(x, n, row$model))
  if (row$model == "posterior") return(NULL)
  form <- "^(logit-all|logit|arcsine|double-arcsine|raw)-(fe|dl|hedges|ml|reml)(-kh)?$"
  parts <- regmatches(row$model, regexec(form, row$model))[[1]]
  if (!length(parts)) return(NULL)
  inverse_variance(x, n, parts[2], parts[3], nzchar(parts[4]))
}

shown <- function(rate) sprintf("%.6f [%s]", rate[1],
  if (anyNA(rate[2:3])) "not fitted" else sprintf("%.6f, %.6f", rate[2], rate[3]))
compare <- function(row, x, n) {
  words <- c(row$model, gsub("_", " ", row$rate), if (nzchar(row$part)) "(n >= 2)" else "")
  name <- paste(words[nzchar(words)], collapse = " ")
  if (!nzchar(row$estimate)) { cat(sprintf("%-36s  %s\n", name, row$note)); return(c(kind = "", gap = NA)) }
  larger <- if (nzchar(row$part)) n >= 2 else rep(TRUE, length(n))
  ours <- as.numeric(c(row$estimate, row$lower, row$upper))
  found <- refit(row, x[larger], n[larger])
  if (is.null(found)) { cat(sprintf("%-36s  %s  not fitted here\n", name, shown(ours))); return(c(kind = "", gap = NA)) }
  gap <- max(abs(ours - found$rate), na.rm = TRUE)
  kind <- if (anyNA(found$rate[2:3]) && row$model == "beta-binomial") "search" else found$kind
  over <- !is.finite(gap) || gap > tolerances[[kind]]
  cat(sprintf("%-36s  %-30s  %-30s  %-8s %.0e%s\n", name, shown(ours), shown(found$rate), found$by, gap,
              if (over) "  DIFFERS" else ""))
  c(kind = kind, gap = gap)
}

clusters <- table_of("clusters.csv"); ours <- table_of("methods.csv")
cat(title, ", version ", version, "\n", R.version.string, ", metafor ", format(packageVersion("metafor")), ", lme4 ",
    format(packageVersion("lme4")), "\n", sep = "")
compared <- NULL
for (pool in unique(clusters$pool)) {
  mine <- clusters[clusters$pool == pool, ]; x <- as.integer(mine$r); n <- as.integer(mine$n)
  cat(sprintf("\n%s: %d/%d in %d reports\n%-36s  %-30s  %-30s  %-8s %s\n", pool, sum(x), sum(n), length(x), "model",
              "ours [95 % interval]", "R", "by", "largest difference"))
  rows <- ours[ours$data == pool, ]
  for (i in seq_len(nrow(rows))) compared <- rbind(compared, compare(as.list(rows[i, ]), x, n))
}
if (is.null(compared)) { message("the tables hold nothing to compare"); quit(status = 2) }
gaps <- as.numeric(compared[, "gap"]); kinds <- compared[, "kind"]
cat("\n")
for (kind in names(tolerances)) if (any(kinds == kind))
  cat(sprintf("%s: %d compared, largest difference %.1e, tolerance %.0e\n", kind, sum(kinds == kind),
              max(gaps[kinds == kind]), tolerances[[kind]]))
over <- kinds != "" & (!is.finite(gaps) | gaps > tolerances[kinds])
cat(sprintf("%d of %d differ.\n", sum(over), sum(kinds != "")))
quit(status = if (any(over)) 1 else 0)

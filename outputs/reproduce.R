#!/usr/bin/env Rscript
# What the headline rests on, worked out again by base R from the tables beside this file.
# Written by `metaimt build`. Run it with   Rscript reproduce.R
# Exit status: 0 all agree, 1 a difference is larger than its tolerance, 2 it cannot be run.
title <- "ALK inhibitors in inflammatory myofibroblastic tumour"
version <- "2026.3"
priors <- list(mu = c(0.3333333333333333, 0.3333333333333333), rho = c(1.0, 1.0), mean_sd = 1.5, sd_scale = 1.0)

# Model of every pool: r_i ~ beta-binomial(n_i, mu, rho), mu ~ beta, rho ~ beta, both priors above.
# Our grid has cells of equal mass under the default prior; this one has even steps in the log odds of mu and rho.
# It reads (columns): clusters (pool, report, stratum, design, r, n), pools, adjusted (pool, prior, odds_ratio,
# log_sd, estimate, lower, upper, level), leave-one-out, bias-contrasts and contrast-reports, subgroups,
# sensitivity-contrasts, methods. Levels are 95 % throughout.
tolerances <- c(
  "posterior" = 2e-4,       # absolute, of a rate
  "edge" = 1e-3,            # the same, within 0.02 of 0 or 1
  "odds ratio" = 2e-3,      # relative
  "partial pooling" = 2e-4, # absolute, of a rate
  "exact" = 1e-8,           # exact intervals and tests, inverse variance in closed form
  "search" = 1e-6,          # ML and REML: R stops its search near the maximum
  "quadrature" = 1e-3)      # lme4: 25 nodes, and its search stops early where the likelihood is flat

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
folder <- if (length(script)) dirname(gsub("~+~", " ", script[1], fixed = TRUE)) else "."
table_of <- function(name) {
  path <- file.path(folder, "tables", paste0(name, ".csv"))
  if (!file.exists(path)) { message(path, " is missing; run metaimt build"); quit(status = 2) }
  if (file.size(path) == 0) return(data.frame())
  read.csv(path, colClasses = "character", na.strings = character(), check.names = FALSE, encoding = "UTF-8")
}
counts_of <- function(rows) list(r = as.integer(rows$r), n = as.integer(rows$n))
limits_of <- function(row, names) as.numeric(unlist(row[names]))

# ---- the posterior, on even steps of x = log odds of mu and y = log odds of rho ----
X <- seq(-60, 60, by = 0.1); Y <- seq(-25, 20, by = 0.25); MU <- plogis(X); REST <- plogis(-X); T <- exp(Y)
PRIOR_X <- priors$mu[1] * log(MU) + priors$mu[2] * log(REST)
PRIOR_Y <- priors$rho[1] * plogis(Y, log.p = TRUE) + priors$rho[2] * plogis(-Y, log.p = TRUE)

rising <- function(start, k) Reduce(`+`, lapply(seq_len(k) - 1, function(j) log(outer(start, j * T, `+`))),
                                    matrix(0, length(start), length(T)))
known <- new.env()                                   # log-likelihood of a report, computed once for each (r, n)
report <- function(r, n) {
  key <- paste(r, n)
  if (is.null(known[[key]])) known[[key]] <- sweep(rising(MU, r) + rising(REST, n - r), 2, rising(1, n))
  known[[key]]
}
log_likelihood <- function(counts) Reduce(`+`, Map(report, counts$r, counts$n))
log_total <- function(L) { top <- apply(L, 2, max); log(colSums(exp(sweep(L, 2, top)))) + top }

# Values of x with 50, 2.5 and 97.5 % below them: the trapezoid rule with its first correction, cubics in between.
quantiles <- function(x, density) {
  step <- x[2] - x[1]; density <- density / sum(density * step)
  slope <- splinefun(x, density, method = "natural")(x, deriv = 1)
  below <- cummax(step * (cumsum(density) - density / 2) - step^2 / 12 * slope)
  at <- splinefunH(x, below, density)
  sapply(c(0.5, 0.025, 0.975), function(p) {
    i <- max(findInterval(p, below), 1)
    uniroot(function(value) at(value) - p, x[c(i, min(i + 1, length(x)))], tol = 1e-10, extendInt = "upX")$root
  })
}
posterior <- function(L, other = 0) {                # `other`: what else is known about rho, for each y
  density <- sweep(L + PRIOR_X, 2, PRIOR_Y + other, `+`)
  plogis(quantiles(X, rowSums(exp(density - max(density)))))
}
pool <- function(counts) posterior(log_likelihood(counts))
strata <- function(parts) {                          # a mean each, rho in common
  L <- lapply(parts, log_likelihood)
  of_rho <- lapply(L, function(one) log_total(one + PRIOR_X))
  sapply(names(L), function(name) {
    others <- of_rho[names(L) != name]
    posterior(L[[name]], if (length(others)) Reduce(`+`, others) else 0)
  }, simplify = FALSE)
}
adjusted <- function(trials, others, odds_ratio, log_sd) {   # log odds of the others are higher by N(log ratio, sd)
  if (log_sd == 0) return(pool(Map(c, trials, others)))
  L <- log_likelihood(others); top <- apply(L, 2, max)
  higher <- outer(X, X, function(a, b) dnorm(b - a, log(odds_ratio), log_sd))
  posterior(log_likelihood(trials) + sweep(log(higher %*% exp(sweep(L, 2, top))), 2, top, `+`))
}
odds_ratio <- function(group, reference) {           # a mean each, rho in common: the difference of their log odds
  a <- log_likelihood(group) + PRIOR_X; b <- log_likelihood(reference) + PRIOR_X
  weight <- log_total(a) + log_total(b) + PRIOR_Y
  a <- exp(sweep(a, 2, log_total(a))); b <- exp(sweep(b, 2, log_total(b)))
  size <- 4096; padded <- function(M) rbind(M, matrix(0, size - nrow(M), ncol(M)))
  both <- mvfft(padded(a)) * mvfft(padded(b[nrow(b):1, ]))
  density <- Re(mvfft(both, inverse = TRUE)) %*% exp(weight - max(weight))
  exp(quantiles(seq(-120, 120, by = 0.1), pmax(density[seq_len(2 * length(X) - 1)], 0)))
}

# ---- subgroups: logit p_g ~ N(m, s^2), m ~ N(0, mean_sd^2), s ~ half-normal(sd_scale) ----
partial_pooling <- function(r, n) {
  x <- seq(-20, 20, length.out = 801) * max(1, priors$mean_sd / 1.5, priors$sd_scale)
  L <- exp(sapply(seq_along(r), function(g) dbinom(r[g], n[g], plogis(x), log = TRUE) - dbinom(r[g], n[g], r[g] / n[g], log = TRUE)))
  density <- matrix(0, length(x), length(r))
  for (s in (seq_len(60) - 0.5) * 6 * priors$sd_scale / 60) {
    spread <- exp(-outer(x, x, `-`)^2 / (2 * s^2)); spread <- spread / rowSums(spread)   # of logit p_g, given m
    chance <- spread %*% L                                                             # of the counts, given m
    weight <- dnorm(x, 0, priors$mean_sd) * dnorm(s, 0, priors$sd_scale)
    others <- sapply(seq_along(r), function(g) weight * apply(chance[, -g, drop = FALSE], 1, prod))
    density <- density + L * crossprod(spread, others)
  }
  apply(density, 2, function(one) plogis(quantiles(x, one)))
}
exact_interval <- function(r, n) c(r / n, binom.test(r, n)$conf.int)
exact_test <- function(r, n) fisher.test(cbind(r, n - r), workspace = 2e7)$p.value

# ---- ours beside R's ----
found <- data.frame(kind = character(), gap = numeric(), tolerance = numeric())
heading <- function(words) cat(sprintf("\n%-58s  %-30s  %-30s %s\n", words, "ours", "R", "difference"))
shown <- function(values) paste(sprintf("%.6f", values), collapse = " ")
compare <- function(name, kind, ours, theirs) {
  gap <- if (kind == "odds ratio") abs(ours / theirs - 1) else abs(ours - theirs)
  edge <- kind == "posterior" & pmin(theirs, 1 - theirs) < 0.02
  most <- ifelse(edge, tolerances[["edge"]], tolerances[[kind]])
  asked <- !is.na(theirs)
  over <- any(!is.finite(gap[asked]) | gap[asked] > most[asked])
  cat(sprintf("%-58s  %-30s  %-30s %.0e%s\n", name, shown(ours), shown(theirs), max(gap[asked]), if (over) "  DIFFERS" else ""))
  found <<- rbind(found, data.frame(kind = ifelse(edge, "edge", kind), gap = gap, tolerance = most)[asked, ])
}
pooled_or_exact <- function(row, by_model) {         # one report, and a group that is no pool, have r/n
  counts <- as.integer(row[c("responders", "evaluable")])
  if (grepl("^beta-binomial", row$method)) by_model() else exact_interval(counts[1], counts[2])
}
kind_of <- function(row) if (grepl("^beta-binomial", row$method)) "posterior" else "exact"
each_row <- function(table, what) for (i in seq_len(nrow(table))) what(as.list(table[i, ]))
RATES <- c("orr", "lower", "upper"); ESTIMATES <- c("estimate", "lower", "upper")
POOLED <- c("pooled_median", "pooled_lower", "pooled_upper"); ODDS <- c("odds_ratio", "lower", "upper")

cat(title, ", version ", version, "\n", R.version.string, "\n", sep = "")
clusters <- table_of("clusters"); in_pool <- split(clusters, factor(clusters$pool, unique(clusters$pool)))

heading("Pools, strata by one rho, and groups that are no pool")
by_stratum <- lapply(in_pool, function(mine) strata(lapply(split(mine, mine$stratum), counts_of)))
each_row(table_of("pools"), function(row) if (nzchar(row$orr)) {
  theirs <- pooled_or_exact(row, function()
    if (nzchar(row$stratum)) by_stratum[[row$group]][[row$stratum]] else pool(counts_of(in_pool[[row$group]])))
  compare(paste(row$group, row$stratum), kind_of(row), limits_of(row, RATES), theirs)
})

heading("Rate in trials, adjusted for selection")
each_row(table_of("adjusted"), function(row) {
  mine <- in_pool[[row$pool]]; trial <- mine$design == "trial"
  theirs <- adjusted(counts_of(mine[trial, ]), counts_of(mine[!trial, ]), as.numeric(row$odds_ratio), as.numeric(row$log_sd))
  compare(paste(row$pool, row$prior), "posterior", limits_of(row, ESTIMATES), theirs)
})

heading("Each report left out")
each_row(table_of("leave-one-out"), function(row) if (nzchar(row$orr)) {
  mine <- in_pool[[row$pool]]
  theirs <- pooled_or_exact(row, function() pool(counts_of(mine[mine$report != row$left_out, ])))
  compare(paste(row$pool, "without", row$left_out), kind_of(row), limits_of(row, RATES), theirs)
})

heading("Contrasts: odds ratio of the group against the reference")
reports <- table_of("contrast-reports")
each_row(table_of("bias-contrasts"), function(row) if (nzchar(row$odds_ratio)) {
  mine <- reports[reports$group == row$group & reports$reference == row$reference, ]
  theirs <- odds_ratio(counts_of(mine[mine$side == "group", ]), counts_of(mine[mine$side == "reference", ]))
  compare(paste(row$group, "against", row$reference), "odds ratio", limits_of(row, ODDS), theirs)
})

heading("Subgroups: exact intervals, partially pooled rates, exact tests")
subgroups <- table_of("subgroups")
for (mine in split(subgroups, list(subgroups$pool, subgroups$grouping), drop = TRUE)) {
  table <- paste(mine$grouping[1], mine$pool[1])
  each_row(mine, function(row) if (nzchar(row$orr))
    compare(paste(table, row$level), "exact", limits_of(row, RATES), exact_interval(as.integer(row$responders), as.integer(row$evaluable))))
  levels <- mine[nzchar(mine$pooled_median), ]; r <- as.integer(levels$responders); n <- as.integer(levels$evaluable)
  theirs <- if (nrow(levels)) partial_pooling(r, n)
  for (g in seq_len(nrow(levels)))
    compare(paste(table, levels$level[g], "partially pooled"), "partial pooling", limits_of(levels[g, ], POOLED), theirs[, g])
  if (nzchar(mine$test_p[1]) && grepl("enumeration", mine$test[1]))
    compare(paste(table, "p of the exact test"), "exact", as.numeric(mine$test_p[1]), exact_test(r, n))
}
tested <- table_of("sensitivity-contrasts"); tested <- tested[nzchar(tested$p), ]
for (mine in split(tested, factor(tested$analysis, unique(tested$analysis))))
  compare(paste(mine$analysis[1], "p"), "exact", as.numeric(mine$p[1]), exact_test(as.integer(mine$responders), as.integer(mine$evaluable)))

# ---- models for comparison, where R has metafor and lme4 ----
lacking <- c("metafor", "lme4")[!sapply(c("metafor", "lme4"), requireNamespace, quietly = TRUE)]
crude <- function(x, n, name) {
  X <- sum(x); N <- sum(n)
  limits <- switch(name,
    "clopper-pearson" = binom.test(X, N)$conf.int,
    "wilson" = suppressWarnings(prop.test(X, N, correct = FALSE))$conf.int,
    "jeffreys" = c(if (X == 0) 0 else qbeta(.025, X + .5, N - X + .5), if (X == N) 1 else qbeta(.975, X + .5, N - X + .5)))
  list(rate = c(X / N, limits), kind = "exact")
}
# Knapp-Hartung is metafor's test = "adhoc", which never narrows the interval; ours is that form.
# Double arcsine is transformed back with the harmonic mean of n; raw limits are cut off at 0 and 1.
SCALES <- list("logit" = c("PLO", "only0"), "logit-all" = c("PLO", "all"), "arcsine" = c("PAS", "none"),
               "double-arcsine" = c("PFT", "none"), "raw" = c("PR", "only0"))
METHODS <- c("fe" = "FE", "dl" = "DL", "hedges" = "HE", "ml" = "ML", "reml" = "REML")
inverse_variance <- function(x, n, scale, method, adhoc) {
  measure <- SCALES[[scale]][1]
  sizes <- metafor::escalc(measure = measure, xi = x, ni = n, to = SCALES[[scale]][2])
  searched <- method %in% c("ml", "reml")
  control <- if (searched) list(threshold = 1e-12, tol = 1e-12, maxiter = 10000, stepadj = 0.5) else list()
  fit <- suppressWarnings(metafor::rma(yi, vi, data = sizes, method = if (length(x) == 1) "FE" else METHODS[[method]],
                                       test = if (adhoc) "adhoc" else "z", control = control))
  at <- c(as.numeric(fit$b), fit$ci.lb, fit$ci.ub)
  back <- switch(measure, PLO = metafor::transf.ilogit(at), PAS = metafor::transf.iarcsin(at), PR = pmin(pmax(at, 0), 1),
                 PFT = sapply(at, function(value) metafor::transf.ipft.hm(value, targs = list(ni = n))))
  list(rate = as.numeric(back), kind = if (searched) "search" else "exact")
}
# Where tau or rho is not identified (single cases only, or every larger report unanimous), both models are the binomial.
spread_seen <- function(x, n) any(n >= 2 & x > 0 & x < n) || length(unique(x[n >= 2] / n[n >= 2])) > 1
mixed_model <- function(x, n, rate) {
  if (length(x) == 1 || !spread_seen(x, n)) return(list(rate = c(sum(x) / sum(n), NA, NA), kind = "quadrature"))
  data <- data.frame(x = x, n = n, report = factor(seq_along(x)))
  fit <- suppressMessages(suppressWarnings(lme4::glmer(cbind(x, n - x) ~ 1 + (1 | report), data = data, family = binomial,
    nAGQ = 25, control = lme4::glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10, optCtrl = list(rhoend = 1e-8)))))
  mu <- as.numeric(lme4::fixef(fit)); tau <- sqrt(as.numeric(lme4::VarCorr(fit)$report))
  centre <- if (rate == "median" || tau < 1e-6) plogis(mu)
    else integrate(function(z) plogis(mu + tau * z) * dnorm(z), -Inf, Inf, rel.tol = 1e-10)$value
  list(rate = c(centre, NA, NA), kind = "quadrature")
}
of_report <- function(mu, rho, x, n) {
  if (rho < 1e-7) return(sum(dbinom(x, n, mu, log = TRUE)))
  a <- mu * (1 - rho) / rho; b <- (1 - mu) * (1 - rho) / rho
  sum(lchoose(n, x) + lbeta(x + a, n - x + b) - lbeta(a, b))
}
beta_binomial <- function(x, n, cut) {               # maximum likelihood, profile interval
  if (length(x) == 1 || all(n == 1) || !spread_seen(x, n)) return(list(rate = c(sum(x) / sum(n), NA, NA), kind = "search"))
  at <- function(mu) max(of_report(mu, 0, x, n),
    optimize(function(rho) of_report(mu, rho, x, n), c(1e-6, 1 - 1e-9), maximum = TRUE, tol = 1e-12)$objective)
  best <- optimize(at, c(1e-6, 1 - 1e-6), maximum = TRUE, tol = 1e-10)
  beyond <- function(mu) 2 * (best$objective - at(mu)) - cut
  limit <- function(end) if (beyond(end) <= 0) round(end) else uniroot(beyond, sort(c(end, best$maximum)), tol = 1e-12)$root
  list(rate = c(best$maximum, limit(1e-9), limit(1 - 1e-9)), kind = "search")
}
refit <- function(row, x, n) {
  if (row$section == "crude") return(crude(x, n, row$model))
  if (row$model == "beta-binomial") return(NULL)     # the headline: above, under the priors of the protocol
  if (row$model == "glmm") return(if (!length(lacking)) mixed_model(x, n, row$rate))
  if (row$model == "beta-binomial-ml-f") return(beta_binomial(x, n, qf(.95, 1, max(length(x) - 2, 1))))
  if (row$model == "beta-binomial-ml-chi2") return(beta_binomial(x, n, qchisq(.95, 1)))
  form <- "^(logit-all|logit|arcsine|double-arcsine|raw)-(fe|dl|hedges|ml|reml)(-kh)?$"
  parts <- regmatches(row$model, regexec(form, row$model))[[1]]
  if (length(parts) && !length(lacking)) inverse_variance(x, n, parts[2], parts[3], nzchar(parts[4]))
}
heading("Models for comparison")
if (length(lacking)) cat("R has no package ", paste(lacking, collapse = ", "), ": their models are not fitted here.\n", sep = "")
each_row(table_of("methods"), function(row) if (nzchar(row$estimate)) {
  counts <- counts_of(in_pool[[row$data]]); larger <- if (nzchar(row$part)) counts$n >= 2 else TRUE
  theirs <- refit(row, counts$r[larger], counts$n[larger])
  words <- c(row$data, row$model, gsub("_", " ", row$rate), if (nzchar(row$part)) "(n >= 2)")
  if (!is.null(theirs)) compare(paste(words[nzchar(words)], collapse = " "), theirs$kind, limits_of(row, ESTIMATES), theirs$rate)
})

if (!nrow(found)) { message("the tables hold nothing to compare"); quit(status = 2) }
cat("\n")
for (kind in intersect(names(tolerances), found$kind)) cat(sprintf("%s: %d compared, largest difference %.1e, tolerance %.0e\n",
  kind, sum(found$kind == kind), max(found$gap[found$kind == kind]), tolerances[[kind]]))
over <- !is.finite(found$gap) | found$gap > found$tolerance
cat(sprintf("%d of %d differ.\n", sum(over), nrow(found)))
quit(status = if (any(over)) 1 else 0)

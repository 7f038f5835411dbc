# Reads the table that `finercam review table maps.zarr --to verdicts` writes, and plots it. Base R, no packages.
# Rscript plot.R verdicts plot.png
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
verdicts <- read.csv(file.path(folder, "verdicts.csv"), na.strings = "", encoding = "UTF-8")
verdicts$decision <- factor(verdicts$decision, levels = c("accept", "reject", "unsure"))

# One row is a region; a verdict with three regions has three. Count verdicts, not rows.
each <- verdicts[!duplicated(verdicts$verdict_id) & verdicts$kind == "verdict", ]
print(table(each$reviewer, each$decision))

# Are regions smaller where the classifier is less sure? Reviewers differ, so they are in the model.
accepted <- verdicts[verdicts$decision == "accept" & !is.na(verdicts$region_id), ]
print(anova(lm(area_share ~ reviewer + probability + pair, data = accepted)))

png(arguments[2], width = 1500, height = 700, res = 150)
colours <- c(accept = "#1b7f5c", reject = "#b8442c", unsure = "#8a8a8a")
par(mfrow = c(1, 2), mar = c(4.5, 4.5, 2.5, 1), las = 1)
shares <- prop.table(table(each$decision, each$reviewer), 2)
barplot(shares, col = colours[rownames(shares)], border = NA, ylab = "share of verdicts", xlab = "reviewer",
        main = "What each said", legend.text = rownames(shares),
        args.legend = list(x = "top", inset = 0.02, bg = "white", box.col = NA, horiz = TRUE, cex = 0.8), ylim = c(0, 1.15))
people <- factor(accepted$reviewer)
inks <- rep_len(c("#0b62a4", "#e08e0b", "#7a3e9d", "#1b7f5c", "#b8442c"), nlevels(people))
plot(accepted$area_share, accepted$evidence_share, col = inks[as.integer(people)], pch = 19, cex = 0.8,
     xlab = "share of the photograph", ylab = "share of the evidence inside", main = "Accepted regions",
     xlim = c(0, max(accepted$area_share) * 1.1), ylim = c(0, 1))
abline(0, 1, lty = 3)  # a region drawn anywhere
legend("topleft", levels(people), col = inks, pch = 19, bty = "n")
invisible(dev.off())

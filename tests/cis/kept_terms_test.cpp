#include "cis/kept_terms.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace grids::core {
namespace {

CisGene gene_of(TermSum sum) {
  CisGene gene;
  gene.sum = sum;
  gene.state = {1, 2};
  gene.terms = {{TermKind::kAll, {3, 7}, 0.9, {0.1, -0.1}, 1},
                {TermKind::kAll, {5}, 0.4, {}, 1},
                {TermKind::kAll, {9}, 0.2, {}, 0.3}};
  return gene;
}

TEST(KeptTerms, WhatFoldsDoNotChooseAgainIsAveragedDown) {
  auto gene = gene_of(TermSum::kMultiply);
  const std::vector<std::vector<int32_t>> votes = {{3, 7}, {3, 5, 7}, {3, 7, 9}, {3, 7}};
  average_over_folds(gene, votes);
  EXPECT_EQ(gene.terms[0], gene_of(TermSum::kMultiply).terms[0]);
  EXPECT_DOUBLE_EQ(gene.terms[1].weight, 0.4 * 2 / 5);
  EXPECT_DOUBLE_EQ(gene.terms[2].weight, 0.2);  // a weak term: shrunken by its probability already
  EXPECT_EQ(chosen_peaks(gene), (std::vector<int32_t>{3, 5, 7}));
}

TEST(KeptTerms, AShareOfWeakTermsIsOfWhatTheyAdd) {
  for (const auto sum : {TermSum::kMultiply, TermSum::kAdd}) {
    const auto whole = gene_of(sum);
    auto gene = whole;
    shrink_weak_terms(gene, 0.25);
    EXPECT_EQ(gene.terms[0], whole.terms[0]);
    EXPECT_EQ(gene.terms[1], whole.terms[1]);
    const bool adds = sum == TermSum::kAdd;
    EXPECT_NEAR(gene.terms[2].weight, adds ? std::log1p(0.25 * std::expm1(0.2)) : 0.05, 1e-12);
    EXPECT_EQ(gene.state, whole.state);
  }
}

}  // namespace
}  // namespace grids::core

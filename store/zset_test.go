package store

func init() {
	handleMakers["ZSet"] = func(db DB, key string) any { return db.ZSet(key) }
	over := func(reason string) rule { return create.except(reason, anyType) }
	for name, r := range map[string]rule{
		"Add": create, "AddWith": create, "IncrBy": create, "AddIncr": create,
		"Score": lookup, "Rank": lookup, "RankWithScore": lookup, "RevRank": lookup, "RevRankWithScore": lookup,
		"PopMin": lookup, "PopMax": lookup, "RandMember": lookup,
		"Card": sizeOf, "Count": sizeOf, "Range": sizeOf, "RangeWithScores": sizeOf, "Rem": sizeOf, "RemRange": sizeOf,
		"PopMinN": sizeOf, "PopMaxN": sizeOf, "RandMembers": sizeOf, "RandMembersWithScores": sizeOf, "Scan": sizeOf,
		"Union": sizeOf, "UnionWith": sizeOf, "Inter": sizeOf, "InterWith": sizeOf, "InterCard": sizeOf,
		"Diff": sizeOf, "DiffWithScores": sizeOf,
		"MScore": sizeOf.except("it says found or not", func(r *rule) { r.zero = false }),
		"All":    sizeOf.except("it returns an iterator", func(r *rule) { r.zero = false }),

		"RangeStore": over("ZRANGESTORE overwrites any type"),
		"UnionStore": over("ZUNIONSTORE overwrites any type"), "UnionStoreWith": over("ZUNIONSTORE overwrites any type"),
		"InterStore": over("ZINTERSTORE overwrites any type"), "InterStoreWith": over("ZINTERSTORE overwrites any type"),
		"DiffStore": over("ZDIFFSTORE overwrites any type"),
	} {
		methodRules["ZSet."+name] = r
	}
	methodRules["DB.ZMPopMin"], methodRules["DB.ZMPopMax"] = sizeOf, sizeOf

	some, other, add := []Scored{{"a", 1}, {"b", 2}}, []string{"another"}, CombineOptions{}
	for name, args := range map[string][]any{
		"ZSet.Add": {some}, "ZSet.AddWith": {ZAddOptions{}, some}, "ZSet.AddIncr": {1.5, "a", Always},
		"ZSet.Count": {ByScore(0, 1)}, "ZSet.Range": {ByRank(0, -1)}, "ZSet.RangeWithScores": {ByLex("a", LexMax).Rev()},
		"ZSet.RemRange": {ByRank(0, 5)}, "ZSet.RangeStore": {"another", ByScore(1, 2)},
		"ZSet.Union": {other}, "ZSet.UnionWith": {add, other}, "ZSet.UnionStore": {other}, "ZSet.UnionStoreWith": {add, other},
		"ZSet.Inter": {other}, "ZSet.InterWith": {add, other}, "ZSet.InterStore": {other}, "ZSet.InterStoreWith": {add, other},
		"ZSet.InterCard": {0, other}, "ZSet.Diff": {other}, "ZSet.DiffWithScores": {other}, "ZSet.DiffStore": {other},
		"ZSet.Scan": {uint64(0), ScanOptions{}}, "DB.ZMPopMin": {1, []string{"key"}}, "DB.ZMPopMax": {1, []string{"key"}},
	} {
		methodArguments[name] = args
	}
}

package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func init() {
	handleMakers["Stream"] = func(db DB, key string) any { return db.Stream(key) }
	handleMakers["Group"] = func(db DB, key string) any { return db.Stream(key).Group("group") }
	for _, name := range []string{"DB.Stream", "Stream.Group"} {
		noCommands[name] = "it makes a handle"
	}
	for _, name := range []string{"Stream.Key", "Group.Key", "Group.Name"} {
		noCommands[name] = "it reads the handle"
	}
	noGroup := rule{missing: ErrNoGroup, zero: true, wrong: ErrWrongType}
	each := sizeOf.except("it says of each that it is missing", func(r *rule) { r.zero = false })
	for name, r := range map[string]rule{
		"Stream.Add": create, "Stream.AddWith": create, "Stream.Len": sizeOf, "Stream.Range": sizeOf,
		"Stream.All": sizeOf.except("it returns an iterator", func(r *rule) { r.zero = false }),
		"Stream.Del": sizeOf, "Stream.DelEx": each, "Stream.Trim": sizeOf,
		"Stream.SetID": lookup, "Stream.SetIDWith": lookup, "Stream.CfgSet": lookup,
		"Stream.Info": lookup, "Stream.InfoFull": lookup, "Stream.InfoGroups": lookup,
		"DB.XRead": sizeOf, "DB.XReadGroup": noGroup,

		"Group.Create": lookup, "Group.CreateWith": create, "Group.Destroy": lookup,
		"Group.SetID": lookup, "Group.SetIDWith": lookup, "Group.CreateConsumer": lookup, "Group.DelConsumer": lookup,
		"Group.Read": noGroup, "Group.ReadHistory": noGroup, "Group.Ack": sizeOf, "Group.AckDel": each,
		"Group.Pending": noGroup, "Group.PendingRange": noGroup, "Group.Claim": noGroup, "Group.ClaimWith": noGroup,
		"Group.ClaimJustID": noGroup, "Group.AutoClaim": noGroup, "Group.AutoClaimJustID": noGroup,
		"Group.Nack": noGroup, "Group.NackWith": noGroup, "Group.InfoConsumers": lookup,
	} {
		methodRules[name] = r
	}
	fields, ids := []Pair{{"f", "v"}}, []StreamID{{1, 1}}
	for name, args := range map[string][]any{
		"Stream.Add": {"f", "v", fields}, "Stream.AddWith": {XAddOptions{ID: ExactID(StreamID{5, 1})}, fields}, "Stream.Range": {ByID(MinStreamID, MaxStreamID)},
		"Stream.Del": {ids}, "Stream.DelEx": {DelRefs, ids}, "Stream.Trim": {MaxLen(1)}, "Stream.SetID": {ids[0]},
		"Stream.SetIDWith": {ids[0], SetIDOptions{}}, "Stream.CfgSet": {StreamConfig{IDMPMaxSize: 5}},
		"DB.XRead": {0, []StreamAt{{Key: "key"}}}, "DB.XReadGroup": {"group", "c", GroupReadOptions{}, []StreamAt{{"key", AtNew}}},
		"Group.Create": {AtEnd}, "Group.CreateWith": {AtEnd, GroupOptions{MkStream: true}}, "Group.SetID": {AtEnd},
		"Group.SetIDWith": {AtEnd, GroupOptions{}}, "Group.Read": {"c", GroupReadOptions{}}, "Group.ReadHistory": {"c", ids[0], 0},
		"Group.Ack": {ids}, "Group.AckDel": {DelRefs, ids}, "Group.PendingRange": {ByID(MinStreamID, MaxStreamID), PendingOptions{}},
		"Group.Claim": {"c", time.Duration(0), ids}, "Group.ClaimWith": {"c", time.Duration(0), ClaimOptions{}, ids},
		"Group.ClaimJustID": {"c", time.Duration(0), ClaimOptions{}, ids}, "Group.AutoClaim": {"c", time.Duration(0), ids[0], 5},
		"Group.AutoClaimJustID": {"c", time.Duration(0), ids[0], 5}, "Group.Nack": {NackFail, ids}, "Group.NackWith": {NackOptions{}, ids},
	} {
		methodArguments[name] = args
	}
}

// addIDs adds entries with these IDs, each with itself as the value of f.
func addIDs(t testing.TB, s Stream, ids ...string) {
	t.Helper()
	for _, text := range ids {
		spec, err := ParseNewStreamID(text)
		require.NoError(t, err)
		_, err = s.AddWith(XAddOptions{ID: spec}, Pair{"f", text})
		require.NoError(t, err)
	}
}

// sid is an ID that is written well.
func sid(text string) StreamID {
	id, err := ParseStreamID(text)
	if err != nil {
		panic(err)
	}
	return id
}

func idTexts(entries []Entry) (ids []string) {
	for _, e := range entries {
		ids = append(ids, e.ID.String())
	}
	return ids
}

package store

import (
	"math"
	"runtime"
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

func TestStreamIDsOnlyGrow(t *testing.T) {
	clock := NewManualClock(time.UnixMilli(1000))
	s := newTest(t, WithClock(clock)).Stream("x")
	add := func() string {
		id, err := s.Add("f", "v")
		require.NoError(t, err)
		return id.String()
	}
	require.Equal(t, "1000-0", add())
	require.Equal(t, "1000-1", add())
	clock.Advance(time.Millisecond)
	require.Equal(t, "1001-0", add())
	require.NoError(t, s.SetID(sid("5000-7")))
	require.Equal(t, "5000-8", add(), "the clock is behind the last ID")
	require.NoError(t, s.SetID(sid("5000-18446744073709551615")))
	require.Equal(t, "5001-0", add(), "the millisecond is full")

	early := newTest(t, WithClock(NewManualClock(time.UnixMilli(-5)))).Stream("x")
	id, err := early.Add("f", "v")
	require.NoError(t, err)
	require.Equal(t, StreamID{0, 1}, id, "before 1970")

	require.NoError(t, s.SetID(MaxStreamID))
	for _, how := range []NewStreamID{{}, NextIn(math.MaxUint64), ExactID(MaxStreamID)} {
		_, err := s.AddWith(XAddOptions{ID: how}, Pair{"f", "v"})
		require.ErrorIs(t, err, ErrStreamFull)
	}
}

func TestStreamMistakes(t *testing.T) {
	db := newTest(t).DB(0)
	s := db.Stream("x")
	addIDs(t, s, "1-1", "2-2")
	g := s.Group("g")
	require.NoError(t, g.Create(AfterID(MinStreamID)))
	_, err := g.Read("c", GroupReadOptions{})
	require.NoError(t, err)
	before, err := db.Fingerprint("x")
	require.NoError(t, err)
	one := []StreamID{sid("1-1")}
	minus := int64(-2)
	for name, test := range map[string]struct {
		do   func() error
		want error
	}{
		"no fields": {func() error { _, err := s.AddWith(XAddOptions{}); return err }, ErrInvalidOption},
		"0-0": {func() error {
			_, err := s.AddWith(XAddOptions{ID: ExactID(StreamID{})}, Pair{})
			return err
		}, ErrStreamIDZero},
		"backwards": {func() error {
			_, err := s.AddWith(XAddOptions{ID: ExactID(sid("2-2"))}, Pair{})
			return err
		}, ErrStreamIDOrder},
		"an earlier millisecond": {func() error { _, err := s.AddWith(XAddOptions{ID: NextIn(1)}, Pair{}); return err }, ErrStreamIDOrder},
		"negative MaxLen":        {func() error { _, err := s.Trim(MaxLen(-1)); return err }, ErrOutOfRange},
		"negative limit":         {func() error { _, err := s.Trim(MaxLen(1).Approx().Limit(-1)); return err }, ErrOutOfRange},
		"limit without approx":   {func() error { _, err := s.Trim(MaxLen(1).Limit(1)); return err }, ErrInvalidOption},
		"no trim":                {func() error { _, err := s.Trim(StreamTrim{}); return err }, ErrInvalidOption},
		"refs":                   {func() error { _, err := s.Trim(MaxLen(1).Refs(9)); return err }, ErrInvalidOption},
		"SetID":                  {func() error { return s.SetID(sid("2-1")) }, ErrStreamIDOrder},
		"DelEx":                  {func() error { _, err := s.DelEx(9, one...); return err }, ErrInvalidOption},
		"AckDel":                 {func() error { _, err := g.AckDel(9, one...); return err }, ErrInvalidOption},
		"busy":                   {func() error { return g.Create(AtEnd) }, ErrBusyGroup},
		"a group at +":           {func() error { return s.Group("new").Create(AtLast) }, ErrInvalidOption},
		"entries read":           {func() error { return s.Group("new").CreateWith(AtEnd, GroupOptions{EntriesRead: &minus}) }, ErrOutOfRange},
		"SetID makes no stream":  {func() error { return g.SetIDWith(AtEnd, GroupOptions{MkStream: true}) }, ErrInvalidOption},
		"no group": {func() error {
			_, err := s.Group("none").Read("c", GroupReadOptions{})
			return err
		}, ErrNoGroup},
		"XREAD >":         {func() error { _, err := db.XRead(0, StreamAt{"x", AtNew}); return err }, ErrInvalidOption},
		"XREAD of none":   {func() error { _, err := db.XRead(0); return err }, ErrInvalidOption},
		"XREADGROUP $":    {func() error { _, err := db.XReadGroup("g", "c", GroupReadOptions{}, StreamAt{"x", AtEnd}); return err }, ErrInvalidOption},
		"XREADGROUP none": {func() error { _, err := db.XReadGroup("g", "c", GroupReadOptions{}); return err }, ErrInvalidOption},
		"one of two has no group": {func() error {
			_, err := db.XReadGroup("g", "c", GroupReadOptions{}, StreamAt{Key: "x"}, StreamAt{"none", AtNew})
			return err
		}, ErrNoGroup},
		"Idle and Time": {func() error {
			_, err := g.ClaimWith("c", 0, ClaimOptions{Idle: 1, Time: time.UnixMilli(1)}, one...)
			return err
		}, ErrInvalidOption},
		"AutoClaim 0":      {func() error { _, err := g.AutoClaim("c", 0, MinStreamID, 0); return err }, ErrOutOfRange},
		"Nack mode":        {func() error { _, err := g.Nack(9, one...); return err }, ErrInvalidOption},
		"Nack retry count": {func() error { _, err := g.NackWith(NackOptions{RetryCount: &minus}, one...); return err }, ErrOutOfRange},
		"nothing to set":   {func() error { return s.CfgSet(StreamConfig{}) }, ErrInvalidOption},
		"too long":         {func() error { return s.CfgSet(StreamConfig{IDMPDuration: 25 * time.Hour}) }, ErrOutOfRange},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.do()
			requireOutcome(t, test.want, err, name)
			after, err := db.Fingerprint("x")
			require.NoError(t, err)
			require.Equal(t, before, after, "nothing has changed")
			n, err := db.DBSize()
			require.NoError(t, err)
			require.Equal(t, 1, n)
		})
	}
}

func TestStreamIsWhatItWas(t *testing.T) {
	s := newTest(t)
	x := s.Stream("x")
	for i := range 1000 {
		addIDs(t, x, StreamID{uint64(i + 1), 0}.String())
	}
	seq, err := x.All()
	require.NoError(t, err)
	n := 0
	for e := range seq {
		if n++; n == 1 {
			_, err := x.Trim(MaxLen(0))
			require.NoError(t, err)
		}
		v, ok := e.Get("f")
		require.True(t, ok)
		require.Equal(t, e.ID.String(), v)
		if n == 900 {
			break
		}
	}
	require.Equal(t, 900, n)
	got, err := x.Len()
	require.NoError(t, err)
	require.Zero(t, got)
	kind, err := s.Type("x")
	require.NoError(t, err)
	require.Equal(t, KindStream, kind, "an empty stream stays")
	require.Equal(t, "stream", kind.String())

	_, ok := Entry{Fields: []Pair{{"a", "1"}, {"a", "2"}}}.Get("b")
	require.False(t, ok)
	first, _ := Entry{Fields: []Pair{{"a", "1"}, {"a", "2"}}}.Get("a")
	require.Equal(t, "1", first)
}

// TestStreamLongRange reads more than is read under the lock, beside a writer.
func TestStreamLongRange(t *testing.T) {
	x := newTest(t).Stream("x")
	for range 5 * shortRead {
		_, err := x.Add("f", "v")
		require.NoError(t, err)
	}
	done := make(chan error)
	go func() {
		for range rounds(500) {
			if _, err := x.AddWith(XAddOptions{Trim: MaxLen(5 * shortRead)}, Pair{"f", "v"}, Pair{"g", "w"}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range rounds(100) {
		entries, err := x.Range(ByID(MinStreamID, MaxStreamID))
		require.NoError(t, err)
		require.Len(t, entries, 5*shortRead, "a moment between two writes")
		for i := range entries[1:] {
			require.True(t, entries[i].ID.Less(entries[i+1].ID))
		}
		reversed, err := x.Range(ByID(entries[0].ID, entries[len(entries)-1].ID).Rev().Count(3 * shortRead))
		require.NoError(t, err)
		require.LessOrEqual(t, len(reversed), 3*shortRead)
	}
	require.NoError(t, <-done)
}

// TestStreamGolden wants what a redis-server 7.0.15 has replied, above all lags and counters
// of groups: testdata/streams/redis-7.0.15.txt is made by giving each line behind a > to
// redis-cli --no-raw, on an empty database for each part, and writing down what it prints.
func TestStreamGolden(t *testing.T) { replay(t, "testdata/streams/*.txt") }

// TestStreamRangeOfWideEntries: what is allocated for several entries does not grow with
// the widest of them.
func TestStreamRangeOfWideEntries(t *testing.T) {
	s := newTest(t)
	wide := make([]Pair, 50_000)
	_, err := s.Stream("x").AddWith(XAddOptions{}, wide...)
	require.NoError(t, err)
	for range 50 {
		_, err := s.Stream("x").Add("f", "v")
		require.NoError(t, err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	entries, err := s.Stream("x").Range(ByID(MinStreamID, MaxStreamID))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Len(t, entries, 51)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20), "the entry itself has 1.6 MB")
}

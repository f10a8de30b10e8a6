package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store/rdb"
)

func init() {
	methodRules["DB.Dump"] = lookAny
	methodRules["DB.Restore"] = create.except("RESTORE wants the key not to be there", func(r *rule) { r.wrong = ErrBusyKey })
	methodRules["DB.RestoreWith"] = create.except("with REPLACE it overwrites any type", anyType)
	methodArguments["DB.Restore"] = []any{nil, dumpOfFive}
	methodArguments["DB.RestoreWith"] = []any{nil, dumpOfFive, RestoreOptions{Replace: true}}
}

// dumpOfFive is what Redis 7.0.15 answers to SET k 5, DUMP k.
var dumpOfFive = []byte("\x00\xc0\x05\n\x00c/_f\x83/\xb3Q")

// TestDumpKeepsValues moves values of every kind, as they come from random commands, to
// another store: nothing of them is another.
func TestDumpKeepsValues(t *testing.T) {
	rng := seededRand(t)
	w := &twin{t: t, rng: rng, ran: map[string]int{}}
	lots := slices.DeleteFunc(randomLots(), func(d *differ) bool { return d.name == "FLUSHDB" || d.name == "FLUSHALL" })
	kinds := map[Kind]int{}
	for _, opts := range [][]Option{nil, {WithShards(1), tiny}} {
		w.s = newTest(t, opts...)
		other := newTest(t, tiny)
		for n := range rounds(6000) {
			d := pick(w, lots)
			w.do(d, false, d.gen(w))
			key := w.key()
			payload, err := w.db().Dump(key)
			if n%4 != 0 || err != nil {
				require.True(t, err == nil || err == ErrNotFound)
				continue
			}
			require.NoError(t, other.RestoreWith(key, payload, RestoreOptions{Replace: true}))
			_, err = w.db().Persist(key)
			require.NoError(t, err)
			want, err := w.db().Fingerprint(key)
			require.NoError(t, err)
			got, err := other.Fingerprint(key)
			require.NoError(t, err)
			require.Equal(t, want, got, "%q of %q", payload, key)
			again, err := other.Dump(key)
			require.NoError(t, err)
			require.NoError(t, other.RestoreWith(key, again, RestoreOptions{Replace: true}))
			got, err = other.Fingerprint(key)
			require.NoError(t, err)
			require.Equal(t, want, got, "%q of %q, once more", again, key)
			kind, _ := other.Type(key)
			kinds[kind]++
		}
	}
	require.Len(t, kinds, len(kindNames())-1, "%v", kinds)
}

// kindNames returns the kinds with their names.
func kindNames() (list []string) {
	for k := range kinds {
		list = append(list, kinds[k].name)
	}
	return list
}

// The golden payloads come from a redis-server 7.0.15: with one on PATH,
// ALCOVE_WRITE=1 go test ./store -run TestDumpGolden writes them anew.
const dumpGolden = "testdata/dump.txt"

func TestDumpGolden(t *testing.T) {
	if os.Getenv("ALCOVE_WRITE") != "" {
		writeDumpGolden(t)
	}
	text, err := os.ReadFile(dumpGolden)
	require.NoError(t, err)
	n := 0
	for line := range strings.Lines(string(text)) {
		command, payload, ok := strings.Cut(strings.TrimSpace(line), " => ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		want, err := strconv.Unquote(payload)
		require.NoError(t, err)
		w := &twin{t: t, rng: rand.New(rand.NewPCG(1, 1)), s: newTest(t)}
		args := fieldsOf(t, command)
		_, err = differByName(args[0]).call(w, w.db(), args[1:])
		require.NoError(t, err)
		got, err := w.s.Dump("k")
		require.NoError(t, err)
		require.Equal(t, want, string(got), command)
		require.NoError(t, w.s.Restore("restored", []byte(want)))
		a, err := w.s.Fingerprint("k")
		require.NoError(t, err)
		require.NoError(t, w.s.Rename("restored", "k"))
		b, err := w.s.Fingerprint("k")
		require.NoError(t, err)
		require.Equal(t, a, b, command)
		again, err := w.s.Dump("k")
		require.NoError(t, err)
		require.Equal(t, want, string(again), command)
		n++
	}
	require.Greater(t, n, 100)
}

func writeDumpGolden(t *testing.T) {
	c := dialRedis(t)
	var b strings.Builder
	b.WriteString("# What Redis 7.0.15 answers to DUMP k after a command. Written by TestDumpGolden with ALCOVE_WRITE=1.\n")
	for _, v := range restorable() {
		c.do(t, "DEL", "k")
		c.do(t, append([]string{v.name, "k"}, v.args...)...)
		payload := c.do(t, "DUMP", "k").(string)
		line := v.name + " k"
		for _, a := range v.args {
			line += " " + strconv.Quote(a)
		}
		if line += fmt.Sprintf(" => %+q\n", payload); v.bytes && len(line) < 800 {
			b.WriteString(line)
		}
	}
	require.NoError(t, os.WriteFile(dumpGolden, []byte(b.String()), 0o644))
}

func TestRestoreOptions(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock))
	other := int(7)
	require.NoError(t, s.Restore("k", dumpOfFive))
	for _, test := range []struct {
		key     string
		payload []byte
		o       RestoreOptions
		want    error
	}{
		{"k", dumpOfFive, RestoreOptions{}, ErrBusyKey},
		{"k", nil, RestoreOptions{}, ErrBusyKey},
		{"k", nil, RestoreOptions{Expiry: ExpireIn(-1)}, ErrBusyKey},
		{"k", nil, RestoreOptions{Expiry: ExpireIn(-1), Replace: true}, ErrInvalidExpire},
		{"k", nil, RestoreOptions{Expiry: ExpireIn(0), Replace: true}, ErrInvalidExpire},
		{"k", nil, RestoreOptions{Expiry: KeepTTL}, ErrInvalidOption},
		{"k", nil, RestoreOptions{IdleTime: 1, Freq: &other}, ErrInvalidOption},
		{"k", nil, RestoreOptions{IdleTime: -1}, ErrOutOfRange},
		{"k", nil, RestoreOptions{Replace: true}, ErrPayloadVersion},
		{"k", dumpOfFive[:12], RestoreOptions{Replace: true}, ErrPayloadVersion},
		{"k", sealed("\x07", 10), RestoreOptions{Replace: true}, ErrBadPayload},
		{"none", sealed("\x07", 10), RestoreOptions{}, ErrBadPayload},
		{"k", sealed("\x00\x01x", 13), RestoreOptions{Replace: true}, ErrPayloadVersion},
	} {
		before := printOf(t, s)
		err := s.RestoreWith(test.key, test.payload, test.o)
		requireOutcome(t, test.want, err, fmt.Sprintf("%+v", test.o))
		require.Equal(t, before, printOf(t, s))
	}
	for _, freq := range []int{-1, 256} {
		requireOutcome(t, ErrOutOfRange, s.RestoreWith("new", dumpOfFive, RestoreOptions{Freq: &freq}), "FREQ")
	}

	require.NoError(t, s.RestoreWith("k", dumpOfFive, RestoreOptions{Expiry: ExpireIn(time.Second), Replace: true}))
	ttl, err := s.TTL("k")
	require.NoError(t, err)
	require.Equal(t, time.Second, ttl)
	require.NoError(t, s.RestoreWith("k", dumpOfFive, RestoreOptions{Replace: true}))
	ttl, err = s.TTL("k")
	require.NoError(t, err)
	require.Equal(t, NoTTL, ttl, "the deadline is not kept")
	for _, past := range []Expiry{ExpireAt(clock.Now()), ExpireAt(time.Unix(1, 0))} {
		require.NoError(t, s.RestoreWith("gone", dumpOfFive, RestoreOptions{Expiry: past}))
		require.NoError(t, s.RestoreWith("k", dumpOfFive, RestoreOptions{Expiry: past, Replace: true}))
		n, err := s.Exists("k", "gone")
		require.NoError(t, err)
		require.Zero(t, n)
	}
}

// TestRestoreBusyReadsNothing: a payload for a key that is there costs nothing.
func TestRestoreBusyReadsNothing(t *testing.T) {
	s := newTest(t)
	for i := range 10_000 {
		_, err := s.List("list").RPush(strconv.Itoa(i))
		require.NoError(t, err)
	}
	payload, err := s.Dump("list")
	require.NoError(t, err)
	allocs := func(o RestoreOptions, want error) float64 {
		return testing.AllocsPerRun(10, func() { requireOutcome(t, want, s.RestoreWith("list", payload, o), "") })
	}
	require.Less(t, allocs(RestoreOptions{}, ErrBusyKey), 100.)
	require.Greater(t, allocs(RestoreOptions{Replace: true}, nil), 1000.)
}

func TestRestoreTracking(t *testing.T) {
	clock := NewManualClock(time.Unix(1_700_000_000, 0))
	s := newTest(t, WithClock(clock), WithTracking(TrackIdleTime))
	require.NoError(t, s.RestoreWith("k", dumpOfFive, RestoreOptions{IdleTime: time.Hour}))
	idle, err := s.ObjectIdleTime("k")
	require.NoError(t, err)
	require.Equal(t, time.Hour, idle)

	freq := 77
	s = newTest(t, WithClock(clock), WithTracking(TrackFrequency))
	require.NoError(t, s.RestoreWith("k", dumpOfFive, RestoreOptions{Freq: &freq}))
	got, err := s.ObjectFreq("k")
	require.NoError(t, err)
	require.Equal(t, 77, got)
}

// A hash with deadlines of its fields has the form that Redis 7.4 gave it (rdb.c of 7.4:
// RDB_TYPE_HASH_METADATA, which has deadlines relative to the first, and
// RDB_TYPE_HASH_LISTPACK_EX, which has them in order).
func TestDumpFieldDeadlines(t *testing.T) {
	clock := NewManualClock(time.UnixMilli(1_700_000_000_000))
	s := newTest(t, WithClock(clock))
	h := s.Hash("h")
	must := func(_ any, err error) { require.NoError(t, err) }
	must(h.Set("a", "1", Pair{"b", "2"}, Pair{"c", "3"}))
	must(h.ExpireAt(time.UnixMilli(1_700_000_000_300), Always, "a"))
	must(h.ExpireAt(time.UnixMilli(1_700_000_000_100), Always, "c"))
	payload, err := s.Dump("h")
	require.NoError(t, err)
	lp := "\x81c\x02\x03\x01" + "\xf4" + littleEndian(1_700_000_000_100) + "\x09" + "\x81a\x02\x01\x01" + "\xf4" + littleEndian(1_700_000_000_300) + "\x09" +
		"\x81b\x02\x02\x01" + "\x00\x01"
	lp = string(rune(6+len(lp)+1)) + "\x00\x00\x00\x09\x00" + lp + "\xff"
	require.Equal(t, string(sealed("\x19"+littleEndian(1_700_000_000_100)+string(rune(len(lp)))+lp, 12)), string(payload))
	require.NoError(t, s.Restore("copy", payload))
	requireSameHash(t, s, "h", "copy")

	must(h.Set("long", strings.Repeat("x", 65))) // a hash table in Redis
	payload, err = s.Dump("h")
	require.NoError(t, err)
	require.Equal(t, byte(24), payload[0])
	require.NoError(t, s.RestoreWith("copy", payload, RestoreOptions{Replace: true}))
	requireSameHash(t, s, "h", "copy")

	body := "\x18" + littleEndian(1_700_000_000_100) + "\x03" + "\x40\xc9\x01a\x01x" + "\x01\x01c\x01y" + "\x00\x01b\x01z"
	require.NoError(t, s.RestoreWith("made", sealed(body, 12), RestoreOptions{}))
	got, err := s.Hash("made").ExpireTime("a", "b", "c")
	require.NoError(t, err)
	require.Equal(t, []FieldDeadline{{time.UnixMilli(1_700_000_000_300), true}, {Found: true}, {time.UnixMilli(1_700_000_000_100), true}}, got)

	clock.Advance(200 * time.Millisecond)
	require.NoError(t, s.RestoreWith("made", sealed(body, 12), RestoreOptions{Replace: true}))
	n, err := s.Hash("made").Len()
	require.NoError(t, err)
	require.Equal(t, 2, n, "one has expired since")

	body = "\x18" + littleEndian(1_700_000_000_100) + "\x01\x01\x01c\x01y"
	require.NoError(t, s.RestoreWith("made", sealed(body, 12), RestoreOptions{Replace: true}))
	n, err = s.Exists("made")
	require.NoError(t, err)
	require.Zero(t, n, "all have")
	clock.Advance(time.Second)
	_, err = s.Dump("copy")
	require.NoError(t, err)
}

func littleEndian(n int64) string {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	return string(b)
}

func requireSameHash(t *testing.T, s *Store, a, b string) {
	t.Helper()
	want, err := s.Hash(a).GetAll()
	require.NoError(t, err)
	got, err := s.Hash(b).GetAll()
	require.NoError(t, err)
	require.Equal(t, want, got)
	for field := range want {
		x, err := s.Hash(a).ExpireTime(field)
		require.NoError(t, err)
		y, err := s.Hash(b).ExpireTime(field)
		require.NoError(t, err)
		require.Equal(t, x, y, field)
	}
}

// A stream before Redis 7 says less, one of 7.2 more.
func TestRestoreStreamVersions(t *testing.T) {
	s := newTest(t)
	g := s.Stream("x").Group("g")
	_, err := s.Stream("x").AddWith(XAddOptions{ID: ExactID(StreamID{5, 1})}, Pair{"f", "v"})
	require.NoError(t, err)
	require.NoError(t, g.Create(AfterID(MinStreamID)))
	_, err = g.Read("alice", GroupReadOptions{})
	require.NoError(t, err)
	payload, err := s.Dump("x")
	require.NoError(t, err)
	info, err := s.Stream("x").InfoFull(0)
	require.NoError(t, err)

	v, err := rdb.Decode(payload)
	require.NoError(t, err)
	seen := v.(*rdb.Stream).Groups[0].Consumers[0].Seen
	body := payload[1 : len(payload)-10]
	at := strings.LastIndex(string(body), "alice") + len("alice") + 8
	newer := "\x15" + string(body[:at]) + littleEndian(seen-5) + string(body[at:])
	require.NoError(t, s.Restore("newer", sealed(newer, 11)))
	consumers, err := s.Stream("newer").Group("g").InfoConsumers()
	require.NoError(t, err)
	require.Greater(t, consumers[0].Inactive, consumers[0].Idle)

	head := strings.Index(string(body), "\x01\x05\x01\x05\x01\x00\x00\x01\x01")
	require.Positive(t, head)
	old := "\x0f" + string(body[:head+3]) + string(body[head+8:])
	old = strings.Replace(old, "\x01g\x05\x01\x01\x01", "\x01g\x05\x01\x01", 1)
	require.NoError(t, s.Restore("old", sealed(old, 9)))
	got, err := s.Stream("old").InfoFull(0)
	require.NoError(t, err)
	require.Equal(t, info.EntriesAdded, got.EntriesAdded)
	require.Equal(t, info.FirstID, got.FirstID)
	require.Equal(t, info.GroupList[0].EntriesRead, got.GroupList[0].EntriesRead)
	require.Equal(t, info.GroupList[0].PEL, got.GroupList[0].PEL)
}

func TestDumpOfWhatWasGivenBack(t *testing.T) {
	s := newTest(t)
	x := s.Stream("x")
	id, err := x.Add("f", "v")
	require.NoError(t, err)
	require.NoError(t, x.Group("g").Create(AfterID(MinStreamID)))
	_, err = x.Group("g").Read("alice", GroupReadOptions{})
	require.NoError(t, err)
	_, err = x.Group("g").Nack(NackFail, id)
	require.NoError(t, err)
	_, err = s.Dump("x")
	requireOutcome(t, ErrNotDumpable, err, "DUMP")
}

// A payload is of one moment, whoever writes.
func TestDumpUnderWriters(t *testing.T) {
	s := newTest(t)
	const n = 2000
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.Itoa(i)
	}
	_, err := s.List("l").RPush(all...)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			if _, err := s.List("l").LMove("l", Left, Right); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 50 {
		payload, err := s.Dump("l")
		require.NoError(t, err)
		require.NoError(t, s.RestoreWith("copy", payload, RestoreOptions{Replace: true}))
		got, err := s.List("copy").Range(0, -1)
		require.NoError(t, err)
		require.Len(t, got, n)
		first := slices.Index(got, "0")
		require.Equal(t, all, append(got[first:len(got):len(got)], got[:first]...))
	}
	cancel()
	require.NoError(t, <-done)
}

// Who waits for a list gets what is restored.
func TestRestoreServes(t *testing.T) {
	s := newTest(t)
	_, err := s.List("l").RPush("a")
	require.NoError(t, err)
	payload, err := s.Dump("l")
	require.NoError(t, err)
	got := make(chan string, 1)
	go func() {
		v, _ := s.List("waited").BLPop(t.Context())
		got <- v
	}()
	for len(got) == 0 {
		err := s.Restore("waited", payload)
		require.True(t, err == nil || classOf(err) == ErrBusyKey)
		_, err = s.Del("waited")
		require.NoError(t, err)
	}
	require.Equal(t, "a", <-got)
}

func TestDumpInTransactions(t *testing.T) {
	s := newTest(t)
	fillKinds(t, s.DB(0), 60)
	sn := s.Snapshot()
	defer sn.Close()
	for _, key := range kindKeys {
		want, err := s.Dump(key)
		require.NoError(t, err)
		got, err := sn.Dump(key)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.ErrorIs(t, sn.Restore("k", want), ErrReadOnly)
		move := func(tx *Tx) error {
			payload, err := tx.Dump(key)
			if err != nil {
				return err
			}
			if _, err := tx.Del(key); err != nil {
				return err
			}
			return tx.RestoreWith(key, payload, RestoreOptions{})
		}
		before := printOf(t, s)
		require.NoError(t, s.Update(move))
		require.Equal(t, before, printOf(t, s), key)
		require.NoError(t, s.Serial(t.Context(), nil, move))
		require.Equal(t, before, printOf(t, s), key)
		require.ErrorIs(t, s.Update(func(tx *Tx) error {
			if err := move(tx); err != nil {
				return err
			}
			return errVain
		}), errVain)
		require.Equal(t, before, printOf(t, s), key)
	}
}

func BenchmarkDump(b *testing.B) {
	s := New()
	defer s.Close()
	if err := s.String("string").Set(strings.Repeat("0123456789", 10)); err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		if _, err := s.Hash("hash").Set("field:"+strconv.Itoa(i), strings.Repeat("value", 5)); err != nil {
			b.Fatal(err)
		}
	}
	for _, key := range []string{"string", "hash"} {
		payload, err := s.Dump(key)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("dump "+key, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				if _, err := s.Dump(key); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("restore "+key, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				if err := s.RestoreWith("copy", payload, RestoreOptions{Replace: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

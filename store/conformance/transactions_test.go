package conformance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/alcovedb/alcove/store"
)

// register is a place for a small number: a key or a part of one, in one of the forms
// that values have. Both are one command.
type register struct {
	get func(db store.DB) (int, error)
	set func(db store.DB, v int) error
}

// registers are the forms; the strings come first.
var registers = []register{
	stringRegister("short", ""),
	stringRegister("other", ""),
	stringRegister("long", strings.Repeat("=", 1100)), // kept by reference
	bytesRegister("bytes"),
	hashRegister("small hash", "f"),
	hashRegister(large+"hash", "f"),
	hashRegister(large+"hash", "g"), // the same hash
	listRegister("small list"),
	listRegister(large + "list"),
	setRegister("set"),
	zsetRegister("small zset"),
	zsetRegister(large + "zset"),
	bitsRegister("small bitmap"),
	bitsRegister(large + "bitmap"),
	streamRegister("small stream"),
	streamRegister(large + "stream"),
	groupRegister(large + "stream"), // of the same stream
}

const (
	stringRegisters = 3
	large           = "large " // a key that fill fills
	width           = 6        // digits of a number in a string that changes in place
)

// number reads one that may be followed by filling.
func number(text string, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimRight(text, "="))
}

func stringRegister(key, tail string) register {
	return register{
		func(db store.DB) (int, error) { return number(db.String(key).Get()) },
		func(db store.DB, v int) error { return db.String(key).Set(strconv.Itoa(v) + tail) },
	}
}

// bytesRegister is the start of a string of two pages.
func bytesRegister(key string) register {
	return register{
		func(db store.DB) (int, error) { return number(db.String(key).GetRange(0, width-1)) },
		func(db store.DB, v int) error {
			_, err := db.String(key).SetRange(0, fmt.Sprintf("%0*d", width, v))
			return err
		},
	}
}

func hashRegister(key, field string) register {
	return register{
		func(db store.DB) (int, error) { return number(db.Hash(key).Get(field)) },
		func(db store.DB, v int) error {
			_, err := db.Hash(key).Set(field, strconv.Itoa(v))
			return err
		},
	}
}

// listRegister is the first element.
func listRegister(key string) register {
	return register{
		func(db store.DB) (int, error) { return number(db.List(key).Index(0)) },
		func(db store.DB, v int) error { return db.List(key).Set(0, strconv.Itoa(v)) },
	}
}

func zsetRegister(key string) register {
	return register{
		func(db store.DB) (int, error) {
			score, err := db.ZSet(key).Score("m")
			return int(score), err
		},
		func(db store.DB, v int) error {
			_, err := db.ZSet(key).Add(store.Scored{Member: "m", Score: float64(v)})
			return err
		},
	}
}

// bitsRegister is a field of ten bits somewhere in a bitmap.
func bitsRegister(key string) register {
	field := store.Unsigned(10).At(99)
	return register{
		func(db store.DB) (int, error) {
			v, err := db.Bitmap(key).FieldRO(field)
			if err != nil {
				return 0, err
			}
			return int(v[0]), nil
		},
		func(db store.DB, v int) error {
			_, err := db.Bitmap(key).Field(field.Set(int64(v)))
			return err
		},
	}
}

// streamRegister is what the last entry has.
func streamRegister(key string) register {
	last := store.ByID(store.MinStreamID, store.MaxStreamID).Rev().Count(1)
	return register{
		func(db store.DB) (int, error) {
			entries, err := db.Stream(key).Range(last)
			if err != nil {
				return 0, err
			}
			return strconv.Atoi(entries[0].Fields[0].Value)
		},
		func(db store.DB, v int) error {
			_, err := db.Stream(key).Add("n", strconv.Itoa(v))
			return err
		},
	}
}

// groupRegister is the position of a stream's group.
func groupRegister(key string) register {
	return register{
		func(db store.DB) (int, error) {
			groups, err := db.Stream(key).InfoGroups()
			if err != nil {
				return 0, err
			}
			return int(groups[0].LastDelivered.Ms), nil
		},
		func(db store.DB, v int) error {
			return db.Stream(key).Group("g").SetID(store.AfterID(store.StreamID{Ms: uint64(v)}))
		},
	}
}

// setRegister is a set with one member.
func setRegister(key string) register {
	return register{
		func(db store.DB) (int, error) {
			members, err := db.Set(key).Members()
			if err == nil && len(members) != 1 {
				err = fmt.Errorf("a set of %q", members)
			}
			if err != nil {
				return 0, err
			}
			return strconv.Atoi(members[0])
		},
		func(db store.DB, v int) error {
			from := fmt.Sprintf("set of %d", v) // no register
			if _, err := db.Set(from).Add(strconv.Itoa(v)); err != nil {
				return err
			}
			_, err := db.Set(key).UnionStore(from)
			return err
		},
	}
}

// fill makes every register 0.
func fill(t *testing.T, s *store.Store) {
	for _, key := range []string{"small list", large + "list"} {
		_, err := s.List(key).RPush("0")
		require.NoError(t, err)
	}
	for i := range 40 {
		item := fmt.Sprintf("filling %d", i)
		_, err := s.List(large + "list").RPush(item)
		_, err2 := s.Hash(large+"hash").Set(item, "")
		_, err3 := s.ZSet(large + "zset").Add(store.Scored{Member: item, Score: float64(i)})
		_, err4 := s.Stream(large+"stream").Add(item, "")
		require.NoError(t, errors.Join(err, err2, err3, err4))
	}
	_, err := s.String("bytes").SetRange(8<<10, "end")
	_, err2 := s.Bitmap(large+"bitmap").SetBit(8<<13, true)
	require.NoError(t, errors.Join(err, err2, s.Stream(large+"stream").Group("g").Create(store.ReadPos{})))
	for _, r := range registers {
		require.NoError(t, r.set(s.DB(0), 0))
	}
}

// values are those of all registers.
type values [17]int

// access is a step of a program on one register, or from it to another.
type access struct {
	kind  string // read, write, add, copy
	reg   int
	dst   int // of copy
	value int // of write and add
}

// program is what a transaction does, chosen before it runs.
type program struct {
	steps []access
	abort bool // it ends with an error
}

func (p program) String() string { return fmt.Sprintf("%v abort %v", p.steps, p.abort) }

// readOnly says whether the program writes nothing.
func (p program) readOnly() bool {
	return !slices.ContainsFunc(p.steps, func(a access) bool { return a.kind != "read" })
}

var errAbort = errors.New("the program wants no effect")

// run does the program in db and returns all that it has read, also where it fails.
func (p program) run(db store.DB) (reads []int, err error) {
	for i, a := range p.steps {
		if i%2 == 1 {
			runtime.Gosched()
		}
		v := 0
		if a.kind != "write" {
			if v, err = registers[a.reg].get(db); err != nil {
				return reads, err
			}
			reads = append(reads, v)
		}
		switch a.kind {
		case "write":
			err = registers[a.reg].set(db, a.value)
		case "add":
			err = registers[a.reg].set(db, (v+a.value)%1000)
		case "copy":
			err = registers[a.dst].set(db, v)
		}
		if err != nil {
			return reads, err
		}
	}
	if p.abort {
		return reads, errAbort
	}
	return reads, nil
}

// apply says whether the program could have read that in a state, and returns the state
// after it. Where it failed half way there are fewer reads, and no effect.
func (p program) apply(st values, reads []int, failed bool) (values, bool) {
	before := st
	for _, a := range p.steps {
		if a.kind == "write" {
			st[a.reg] = a.value
			continue
		}
		if len(reads) == 0 {
			return before, failed
		}
		v := st[a.reg]
		if reads[0] != v {
			return before, false
		}
		reads = reads[1:]
		switch a.kind {
		case "add":
			st[a.reg] = (v + a.value) % 1000
		case "copy":
			st[a.dst] = v
		}
	}
	if failed {
		return before, true
	}
	return st, true
}

// attempt is one run of a program: also a run that came to nothing must only see what was
// true at one moment.
type attempt struct {
	to     int64
	reads  []int
	failed bool
}

// trial is a transaction on its way through a transact.
type trial struct {
	program
	now      clock
	attempts []attempt
	returned int64 // when it was over, if that is before transact returns
}

// attempt runs the program in db once. What a transaction wants to do is to call this
// and to end with what it returns.
func (tr *trial) attempt(db store.DB) error {
	reads, err := tr.program.run(db)
	tr.attempts = append(tr.attempts, attempt{tr.now(), reads, err != nil})
	return err
}

// over says that what the program reads from now on is as of a moment before.
func (tr *trial) over() { tr.returned = tr.now() }

// transact is something that runs programs as transactions. It runs a program by
// trial.attempt, any number of times, of which only the last counts, and returns that
// one's error.
type transact struct {
	name string
	fits func(p program) bool
	run  func(s *store.Store, tr *trial) error
}

// commands are the transacts without transactions: a program that one command can do.
var commands = []transact{
	{
		"MSET", func(p program) bool {
			return !p.abort && onStrings(p) && len(p.steps) > 1 &&
				!slices.ContainsFunc(p.steps, func(a access) bool { return a.kind != "write" })
		},
		func(s *store.Store, tr *trial) error {
			var pairs []store.Pair
			for _, a := range tr.steps {
				p := store.Pair{Key: stringKeys[a.reg], Value: strconv.Itoa(a.value)}
				if stringKeys[a.reg] == "long" {
					p.Value += strings.Repeat("=", 1100)
				}
				pairs = append(pairs, p)
			}
			err := s.MSet(pairs...)
			tr.attempts = append(tr.attempts, attempt{})
			return err
		},
	},
	{
		"MGET", func(p program) bool { return !p.abort && onStrings(p) && p.readOnly() },
		func(s *store.Store, tr *trial) error {
			var keys []string
			for _, a := range tr.steps {
				keys = append(keys, stringKeys[a.reg])
			}
			var at attempt
			found, err := s.MGet(keys...)
			for _, v := range found {
				n, wrong := number(v.Value, nil)
				err = errors.Join(err, wrong)
				at.reads = append(at.reads, n)
			}
			tr.attempts = append(tr.attempts, at)
			return err
		},
	},
	{
		"one command", func(p program) bool {
			return !p.abort && len(p.steps) == 1 && (p.steps[0].kind == "read" || p.steps[0].kind == "write")
		},
		func(s *store.Store, tr *trial) error { return tr.attempt(s.DB(0)) },
	},
	{
		"a snapshot", program.readOnly,
		func(s *store.Store, tr *trial) error {
			sn := s.Snapshot()
			defer sn.Close()
			tr.over()
			runtime.Gosched()
			return tr.attempt(sn.DB(0))
		},
	},
	{
		"a fork", program.readOnly,
		func(s *store.Store, tr *trial) error {
			f := s.Fork()
			defer f.Close()
			tr.over()
			runtime.Gosched()
			return tr.attempt(f.DB(0))
		},
	},
}

var stringKeys = [stringRegisters]string{"short", "other", "long"}

func onStrings(p program) bool {
	return !slices.ContainsFunc(p.steps, func(a access) bool { return a.reg >= stringRegisters || a.kind == "copy" })
}

// draw returns a program over some of the registers.
func draw(r *rand.Rand, among []int) program {
	steps := make([]access, 1+r.IntN(4))
	kinds := []string{"read", "read", "write", "add", "copy"}
	only := []string{"", "", "read", "write"}[r.IntN(4)]
	for i := range steps {
		kind := kinds[r.IntN(len(kinds))]
		if only != "" {
			kind = only
		}
		reg := r.IntN(len(among))
		dst := (reg + 1) % len(among)
		steps[i] = access{kind, among[reg], among[dst], r.IntN(1000)}
	}
	return program{steps, r.IntN(8) == 0}
}

// transaction is an operation of a history.
type transaction struct {
	how string
	program
	failed bool
}

var transactionModel = porcupine.Model{
	Init: func() any { return values{} },
	Step: func(st, input, output any) (bool, any) {
		tx := input.(transaction)
		after, ok := tx.apply(st.(values), output.([]int), tx.failed)
		return ok, after
	},
	DescribeOperation: func(input, output any) string {
		tx := input.(transaction)
		return fmt.Sprintf("%s: %v failed %v, read %v", tx.how, tx.program, tx.failed, output)
	},
}

// TestTransactions checks that what is done in one step is: serializability in an order
// that agrees with time, of programs that have or have no effect as a whole.
func TestTransactions(t *testing.T) { checkTransactions(t, commands) }

// checkTransactions checks random histories of programs, each run by one of the transacts
// that it fits.
func checkTransactions(t *testing.T, transacts []transact) {
	shapes(t, func(t *testing.T, sh shape) {
		r := seeded(t)
		for i := range rounds(400) {
			transactionRound(t, r, sh, newClock(i), transacts)
		}
	})
}

func transactionRound(t *testing.T, r *rand.Rand, sh shape, now clock, transacts []transact) {
	s := store.New(store.WithShards(sh.shards))
	defer s.Close()
	fill(t, s)
	among := r.Perm(len(registers))[:2+r.IntN(3)]
	if r.IntN(3) == 0 {
		among = []int{0, 1, 2} // what MSET can do
	}
	type choice struct {
		transact
		program
	}
	var choices [clients][]choice
	for id := range choices {
		for len(choices[id]) < each {
			c := choice{transacts[r.IntN(len(transacts))], draw(r, among)}
			if c.fits(c.program) {
				choices[id] = append(choices[id], c)
			}
		}
	}
	verify(t, transactionModel, together(t, func(id int) (history []porcupine.Operation) {
		for _, c := range choices[id] {
			history = append(history, runTrial(t, s, id, now, c.transact, c.program)...)
		}
		return history
	}))
}

// runTrial runs a program once and returns what it was: the operation, and before it those
// of its runs that came to nothing, which have read and not written.
func runTrial(t *testing.T, s *store.Store, id int, now clock, how transact, p program) (history []porcupine.Operation) {
	tr := trial{program: p, now: now}
	call := now()
	err := how.run(s, &tr)
	returned := now()
	if tr.returned != 0 {
		returned = tr.returned
	}
	if err != nil && !errors.Is(err, errAbort) || (err != nil) != p.abort || len(tr.attempts) == 0 {
		t.Errorf("%s of %v: %v", how.name, p, err)
		return nil
	}
	last := len(tr.attempts) - 1
	for i, at := range tr.attempts {
		op := porcupine.Operation{
			ClientId: id, Return: at.to, Output: at.reads,
			Input: transaction{how.name, p, at.failed || i < last},
		}
		if op.Call = call; i > 0 { // what a run reads may be as of a moment before its closure begins
			op.Call = tr.attempts[i-1].to
		}
		if i == last {
			op.Return = returned
		}
		history = append(history, op)
	}
	return history
}

package store

import (
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/alcovedb/alcove/structures"
)

// Hash is a handle of a hash: fields with their values, each with or without a deadline
// of its own. A hash whose last field goes is no longer there.
type Hash struct {
	db  DB
	key string
}

// Hash returns a handle of the hash at key, whether there is one or not. It allocates
// nothing.
func (db DB) Hash(key string) Hash { return Hash{db: db, key: key} }

// Key returns the key of the handle.
func (h Hash) Key() string { return h.key }

// Redis keeps a hash in a listpack up to so many fields, and fields and values up to so
// many bytes (hash-max-listpack-entries, hash-max-listpack-value).
const (
	hashSmallLen  = 512
	hashSmallText = 64
)

// load returns the hash for reading, empty if the key is missing, after it has removed
// what is overdue in it. view is where the result may be. The caller releases locked.
func (h Hash) load(op string, view *structures.Hash) (v *structures.Hash, locked *shard, err error) {
	for {
		rec, found, locked, err := h.db.loadKind(op, h.key, KindHash)
		if err != nil || !found {
			return view, locked, err
		}
		v := view.Of(&rec)
		if at := v.Earliest(); at == 0 || at > h.db.now() {
			return v, locked, nil
		}
		locked.release()
		var w write
		err = w.inspect(h.db, op, h.key)
		w.end()
		if err != nil {
			return view, nil, err
		}
	}
}

// look returns the value of field. It takes no lock where no writer is in the way.
func (h Hash) look(op, field string) (value string, found bool, err error) {
	if h.db.s != nil && h.db.s.plain() && uint(h.db.n) < Databases {
		if value, o := h.loadField(field); o != structures.Unclear {
			return value, o == structures.Found, nil
		}
	} else if tx := h.db.tx(); tx != nil {
		if value, o := tx.field(h.db, h.key, field); o != structures.Unclear {
			return value, o == structures.Found, nil
		}
	}
	var view structures.Hash
	v, locked, err := h.load(op, &view)
	defer locked.release()
	if err == nil {
		value, found = v.Get(field)
	}
	return value, found, err
}

// loadField returns the value of field without a lock. It is what it was at some moment
// since the record was found, as an object that was replaced or removed meanwhile is
// never written again.
func (h Hash) loadField(field string) (value string, o structures.Outcome) {
	s := h.db.s
	fieldHash := s.hashOf(field) // first, as the memory of field may be far
	sh, hash := s.hash(h.key)
	seq := sh.seq.Load()
	t := sh.table(h.db.n)
	if t == nil || seq&1 != 0 {
		return "", structures.Unclear
	}
	blob, object, kind, deadline, o := t.LoadValue(seq, hash, h.key)
	if o == structures.Unclear || Kind(kind>>encodingBits) != KindHash || s.stale(sh) {
		return "", structures.Unclear
	}
	at := int64(0)
	if v, large := object.(*structures.Hash); large {
		value, at, o = v.Load(fieldHash, field)
		if sh.seq.Load() != seq { // the rest of a change of several fields may be to come
			return "", structures.Unclear
		}
	} else {
		value, at, o = structures.LoadField(blob, field)
	}
	if at = earlier(at, deadline); at != 0 && at <= s.now() {
		return "", structures.Unclear
	}
	return value, o
}

// earlier returns the earlier of two deadlines, of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// open begins a command that changes so many fields and returns the hash.
func (h Hash) open(w *write, op string, fields int) (*structures.Hash, error) {
	if err := w.begin(h.db, op, h.key); err != nil {
		return nil, err
	}
	return h.opened(w, fields)
}

// openTimed is open for a command that may give fields a deadline: the clock must be read
// before the hash is opened.
func (h Hash) openTimed(w *write, op string, fields int) (*structures.Hash, error) {
	if err := w.begin(h.db, op, h.key); err != nil {
		return nil, err
	}
	w.nano()
	return h.opened(w, fields)
}

func (h Hash) opened(w *write, fields int) (*structures.Hash, error) {
	if fields > 1 {
		w.together()
	}
	return open(w, KindHash, structures.NewHash)
}

// clone returns the hash as of now, for good.
func (h Hash) clone(op string) (*structures.Hash, error) {
	packed, locked, err := h.load(op, new(structures.Hash))
	locked.release()
	if err != nil || locked == nil { // what is packed never changes
		return packed, err
	}
	var w write
	defer w.end()
	if err := w.inspect(h.db, op, h.key); err != nil {
		return nil, err
	}
	if err := w.want(KindHash); err != nil {
		return nil, err
	}
	if w.found() && w.ref.Record.Object() != nil {
		return w.cloneObject().(*structures.Hash), nil
	}
	return new(structures.Hash).Of(&w.ref.Record), nil
}

// setFields sets fields of v, each with the deadline that it is given. It says how many
// are new, and whether Redis would keep such a hash in its encoding for large ones.
func setFields(v *structures.Hash, pairs []Pair, deadline int64) (added int, large bool) {
	for _, p := range pairs {
		if v.Set(p.Key, p.Value, deadline) {
			added++
		}
		large = large || len(p.Key) > hashSmallText || len(p.Value) > hashSmallText
	}
	return added, large || v.Len() > hashSmallLen
}

// tooLarge says whether one of the pairs can't be stored.
func tooLarge(pairs []Pair) bool {
	for _, p := range pairs {
		if max(len(p.Key), len(p.Value)) > MaxStringLen {
			return true
		}
	}
	return false
}

// fieldNotes are the fields that a notification names, none if nobody asks for them.
type fieldNotes struct {
	list  []string
	heard bool
}

func (w *write) noteFields() fieldNotes {
	return fieldNotes{heard: w.heard() && w.sh.log.notify&notifySubkeys != 0}
}

func (n *fieldNotes) add(field string) {
	if n.heard {
		n.list = append(n.list, field)
	}
}

// eventOfPairs is eventOf for the fields of pairs.
func (w *write) eventOfPairs(name string, pairs ...Pair) {
	if !w.heard() {
		return
	}
	fields := w.noteFields()
	for i := range pairs {
		fields.add(pairs[i].Key)
	}
	w.eventOf(NotifyHash, name, fields.list)
}

// purgeHash removes overdue fields from the hash at the key, about budget of them at
// most, and returns how many. It counts as no access.
func (w *write) purgeHash(budget int) int {
	v, object := structures.NewHash(w.db.s.values), w.ref.Record.Object() != nil
	if object {
		v = w.mutate().(*structures.Hash)
	} else {
		v.Unpack(w.ref.Record.Value())
	}
	gone, due := w.noteFields(), int64(0)
	if w.sh.log != nil && w.sh.log.changes {
		v.All(func(_, _ string, deadline int64) bool {
			due = max(due, deadline)
			return true
		})
	}
	var visit func(field string)
	if gone.heard {
		visit = func(field string) { gone.add(strings.Clone(field)) }
	}
	n := v.Purge(w.nano()/int64(time.Millisecond), budget, visit)
	if n > 0 {
		w.eventOf(NotifyHash, "hexpired", gone.list)
	}
	switch {
	case v.Len() == 0:
		w.event(NotifyGeneric, "del")
		w.remove(Expired)
		if w.sh.log != nil && w.run == nil {
			w.sh.log.due(due)
		}
	case object && n == 0 && w.run == nil: // the deadlines had moved already
		w.t.Mutated(&w.ref, w.ref.Record.Version())
	case object:
		w.changed()
	default:
		blob, _ := v.Blob()
		w.put(structures.Entry{Kind: w.ref.Record.Kind(), Deadline: w.deadline(), Bytes: blob})
	}
	return n
}

// hashLive says whether the hash in a record has a field that is not overdue.
func hashLive(r *structures.Record, now int64) bool {
	var view structures.Hash
	return view.Of(r).Live(now)
}

// hashFingerprint adds up the hashes of the fields, which are in no order.
func hashFingerprint(r *structures.Record, now int64) (sum uint64) {
	var view structures.Hash
	view.Of(r).All(func(field, value string, deadline int64) bool {
		if deadline == 0 || deadline > now {
			sum += mix(mix(xxhash.Sum64String(field), xxhash.Sum64String(value)), uint64(deadline))
		}
		return true
	})
	return sum
}

// Get returns the value of field. A missing field or key is [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [HGET].
//
// [HGET]: https://redis.io/docs/latest/commands/hget/
func (h Hash) Get(field string) (string, error) {
	value, found, err := h.look("HGET", field)
	if err == nil && !found {
		err = ErrNotFound
	}
	return value, err
}

// MGet returns the values of fields as of one moment, in their order. What is missing is
// not found.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields given. Redis: [HMGET].
//
// [HMGET]: https://redis.io/docs/latest/commands/hmget/
func (h Hash) MGet(fields ...string) ([]Optional, error) {
	var view structures.Hash
	v, locked, err := h.load("HMGET", &view)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	return lookUp(v, fields), nil
}

// lookUp returns the values of fields.
func lookUp(v *structures.Hash, fields []string) []Optional {
	values := make([]Optional, len(fields))
	for i, field := range fields {
		values[i].Value, values[i].Found = v.Get(field)
	}
	return values
}

// GetAll returns all fields with their values, none for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields. Redis: [HGETALL].
//
// [HGETALL]: https://redis.io/docs/latest/commands/hgetall/
func (h Hash) GetAll() (map[string]string, error) {
	var view structures.Hash
	v, locked, err := h.load("HGETALL", &view)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	all := make(map[string]string, v.Len())
	v.All(func(field, value string, _ int64) bool {
		all[field] = value
		return true
	})
	return all, nil
}

// All returns an iterator over all fields with their values, in no order: those of the
// moment of the call, whatever is written meanwhile, also by the loop's body. A missing
// key has none.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1), and O(n) for the loop, n the number of fields.
// Redis: [HGETALL].
//
// [HGETALL]: https://redis.io/docs/latest/commands/hgetall/
func (h Hash) All() (iter.Seq2[string, string], error) {
	v, err := h.clone("HGETALL")
	if err != nil {
		return func(func(string, string) bool) {}, err
	}
	return func(yield func(string, string) bool) {
		v.All(func(field, value string, _ int64) bool { return yield(field, value) })
	}, nil
}

// Keys returns all fields, in no order; none for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields. Redis: [HKEYS].
//
// [HKEYS]: https://redis.io/docs/latest/commands/hkeys/
func (h Hash) Keys() ([]string, error) {
	return h.list("HKEYS", func(field, _ string) string { return field })
}

// Vals returns the values of all fields, in no order; none for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields. Redis: [HVALS].
//
// [HVALS]: https://redis.io/docs/latest/commands/hvals/
func (h Hash) Vals() ([]string, error) {
	return h.list("HVALS", func(_, value string) string { return value })
}

func (h Hash) list(op string, of func(field, value string) string) ([]string, error) {
	var view structures.Hash
	v, locked, err := h.load(op, &view)
	defer locked.release()
	if err != nil {
		return nil, err
	}
	list := make([]string, 0, v.Len())
	v.All(func(field, value string, _ int64) bool {
		list = append(list, of(field, value))
		return true
	})
	return list, nil
}

// Len returns the number of fields, 0 for a missing key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [HLEN].
//
// [HLEN]: https://redis.io/docs/latest/commands/hlen/
func (h Hash) Len() (int, error) {
	var view structures.Hash
	v, locked, err := h.load("HLEN", &view)
	defer locked.release()
	if err != nil {
		return 0, err
	}
	return v.Len(), nil
}

// StrLen returns the length in bytes of the value of field, 0 for a missing field or
// key.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [HSTRLEN].
//
// [HSTRLEN]: https://redis.io/docs/latest/commands/hstrlen/
func (h Hash) StrLen(field string) (int, error) {
	value, _, err := h.look("HSTRLEN", field)
	return len(value), err
}

// Exists says whether field is there.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1). Redis: [HEXISTS].
//
// [HEXISTS]: https://redis.io/docs/latest/commands/hexists/
func (h Hash) Exists(field string) (bool, error) {
	_, found, err := h.look("HEXISTS", field)
	return found, err
}

// Set stores value under field, and more of them, in one step and takes their deadlines
// away. It returns how many fields are new. Of several pairs with one field the last
// counts.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if a field
// or value is longer than [MaxStringLen].
//
// The complexity is O(n), n the number of fields given. Redis: [HSET].
//
// [HSET]: https://redis.io/docs/latest/commands/hset/
func (h Hash) Set(field, value string, more ...Pair) (int, error) {
	var w write
	defer w.end()
	v, err := h.open(&w, "HSET", 1+len(more))
	if err != nil {
		return 0, err
	}
	first := []Pair{{Key: field, Value: value}}
	if tooLarge(first) || tooLarge(more) {
		return 0, w.fail(ErrTooLarge)
	}
	added, large := setFields(v, first, 0)
	n, largeToo := setFields(v, more, 0)
	w.save(KindHash, v, large || largeToo)
	if w.heard() {
		w.eventOfPairs("hset", append(first, more...)...)
	}
	return added + n, nil
}

// MSet stores all pairs of fields and values in one step and takes their deadlines away.
// Of several pairs with one field the last counts.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if a field
// or value is longer than [MaxStringLen].
//
// The complexity is O(n), n the number of pairs. Redis: [HMSET].
//
// [HMSET]: https://redis.io/docs/latest/commands/hmset/
func (h Hash) MSet(pairs ...Pair) error {
	var w write
	defer w.end()
	v, err := h.open(&w, "HMSET", len(pairs))
	if err != nil || len(pairs) == 0 {
		return err
	}
	if tooLarge(pairs) {
		return w.fail(ErrTooLarge)
	}
	_, large := setFields(v, pairs, 0)
	w.save(KindHash, v, large)
	w.eventOfPairs("hset", pairs...)
	return nil
}

// SetNX stores value under field if that is missing, and says whether it did.
//
// It returns [ErrWrongType] if the key holds another type and [ErrTooLarge] if field or
// value is longer than [MaxStringLen].
//
// The complexity is O(1). Redis: [HSETNX].
//
// [HSETNX]: https://redis.io/docs/latest/commands/hsetnx/
func (h Hash) SetNX(field, value string) (bool, error) {
	return h.setEx("HSETNX", IfAbsent, Expiry{}, []Pair{{Key: field, Value: value}})
}

// Del removes fields and returns how many there were. A field given twice counts once.
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(n), n the number of fields given. Redis: [HDEL].
//
// [HDEL]: https://redis.io/docs/latest/commands/hdel/
func (h Hash) Del(fields ...string) (int, error) {
	var w write
	defer w.end()
	v, err := h.open(&w, "HDEL", len(fields))
	if err != nil {
		return 0, err
	}
	n, gone := 0, w.noteFields()
	for _, field := range fields {
		if v.Delete(field) {
			gone.add(field)
			n++
		}
	}
	if n > 0 {
		w.eventOf(NotifyHash, "hdel", gone.list)
		w.save(KindHash, v, false)
	}
	return n, nil
}

// IncrBy adds n to the integer in field and returns the sum. A missing field or key
// counts as 0. The deadline of the field stays.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotInteger] if the value
// is not a base-10 int64, [ErrOverflow] if the sum does not fit and [ErrTooLarge] if
// field is longer than [MaxStringLen].
//
// The complexity is O(1). Redis: [HINCRBY].
//
// [HINCRBY]: https://redis.io/docs/latest/commands/hincrby/
func (h Hash) IncrBy(field string, n int64) (int64, error) {
	var w write
	defer w.end()
	v, err := h.open(&w, "HINCRBY", 1)
	if err != nil {
		return 0, err
	}
	text, deadline, found := v.Look(field)
	old := int64(0)
	if found {
		if old, found = parseInt(text); !found {
			return 0, w.fail(ErrNotInteger)
		}
	}
	sum, ok := addInt64(old, n)
	if !ok {
		return 0, w.fail(ErrOverflow)
	}
	return sum, w.setField(v, "hincrby", field, strconv.FormatInt(sum, 10), deadline)
}

// IncrByFloat adds n to the number in field and returns the sum. A missing field or key
// counts as 0. The deadline of the field stays. The sum is computed and stored as by
// [String.IncrByFloat].
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if the value is
// not a number, or n is NaN, [ErrNaN] if the sum is not finite and [ErrTooLarge] if field
// is longer than [MaxStringLen].
//
// The complexity is O(1). Redis: [HINCRBYFLOAT].
//
// [HINCRBYFLOAT]: https://redis.io/docs/latest/commands/hincrbyfloat/
func (h Hash) IncrByFloat(field string, n float64) (float64, error) {
	text, err := h.IncrByDecimal(field, formatFloat(n))
	if err != nil {
		return 0, err
	}
	// A sum beyond float64 is stored, and returned as infinity.
	sum, _ := strconv.ParseFloat(text, 64)
	return sum, nil
}

// IncrByDecimal is IncrByFloat for numbers in text, as a client of Redis sends and gets
// them: n may have more digits than a float64, and the sum is returned as it is stored.
//
// It returns [ErrWrongType] if the key holds another type, [ErrNotFloat] if the value or n
// is not a number, [ErrNaN] if n or the sum is not finite and [ErrTooLarge] if field is
// longer than [MaxStringLen].
//
// The complexity is O(1). Redis: [HINCRBYFLOAT].
//
// [HINCRBYFLOAT]: https://redis.io/docs/latest/commands/hincrbyfloat/
func (h Hash) IncrByDecimal(field, n string) (string, error) {
	var w write
	defer w.end()
	if err := w.begin(h.db, "HINCRBYFLOAT", h.key); err != nil {
		return "", err
	}
	by, ok := parseLongDouble(n)
	switch { // Redis looks at the argument first
	case !ok:
		return "", w.fail(ErrNotFloat)
	case by.IsInf():
		return "", w.fail(ErrNaN)
	}
	v, err := open(&w, KindHash, structures.NewHash)
	if err != nil {
		return "", err
	}
	old, deadline, found := v.Look(field)
	if !found {
		old = "0"
	}
	text, err := incrLongDouble(old, by)
	if err != nil {
		return "", w.fail(err)
	}
	return text, w.setField(v, "hincrbyfloat", field, text, deadline)
}

// setField ends a command that sets one field, which is told as name.
func (w *write) setField(v *structures.Hash, name, field, value string, deadline int64) error {
	pairs := []Pair{{Key: field, Value: value}}
	if tooLarge(pairs) {
		return w.fail(ErrTooLarge)
	}
	_, large := setFields(v, pairs, deadline)
	w.save(KindHash, v, large)
	w.eventOfPairs(name, pairs...)
	return nil
}

// Scan returns some of the fields with their values and the cursor to go on with; the
// first call and the last have cursor 0. A field that is there from the first call to the
// last is returned exactly once, whatever is written meanwhile. A small hash is returned
// at once.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidCursor] for a
// cursor that Scan did not return and [ErrInvalidOption] if Count is negative, or Type
// is given.
//
// The complexity is O(Count) each call. Redis: [HSCAN].
//
// [HSCAN]: https://redis.io/docs/latest/commands/hscan/
func (h Hash) Scan(cursor uint64, o ScanOptions) (pairs []Pair, next uint64, err error) {
	next, err = h.scan(cursor, o, func(field, value string) {
		pairs = append(pairs, Pair{Key: field, Value: value})
	})
	return pairs, next, err
}

// ScanNoValues is Scan without the values: HSCAN with NOVALUES.
//
// It returns [ErrWrongType] if the key holds another type, [ErrInvalidCursor] for a
// cursor that ScanNoValues did not return and [ErrInvalidOption] if Count is negative, or
// Type is given.
//
// The complexity is O(Count) each call. Redis: [HSCAN].
//
// [HSCAN]: https://redis.io/docs/latest/commands/hscan/
func (h Hash) ScanNoValues(cursor uint64, o ScanOptions) (fields []string, next uint64, err error) {
	next, err = h.scan(cursor, o, func(field, _ string) { fields = append(fields, field) })
	return fields, next, err
}

func (h Hash) scan(cursor uint64, o ScanOptions, visit func(field, value string)) (next uint64, err error) {
	const op = "HSCAN"
	view := new(structures.Hash)
	if h.db.s != nil {
		view = structures.NewHash(h.db.s.values) // by which its cursors are those of a large hash
	}
	v, locked, err := h.load(op, view)
	defer locked.release()
	switch {
	case err != nil:
		return 0, err
	case cursor > structures.MaxCursor:
		return 0, mistake(op, h.key, ErrInvalidCursor)
	case o.Count < 0 || o.Type != KindNone:
		return 0, mistake(op, h.key, ErrInvalidOption)
	case o.Count == 0:
		o.Count = 10
	}
	return uint64(v.Scan(uint32(cursor), o.Count, func(field, value string) {
		if o.Match == "" || matches(o.Match, field) {
			visit(field, value)
		}
	})), nil
}

// RandField returns one of the fields, each with the same probability. A missing key is
// [ErrNotFound].
//
// It returns [ErrWrongType] if the key holds another type.
//
// The complexity is O(1) expected. Redis: [HRANDFIELD].
//
// [HRANDFIELD]: https://redis.io/docs/latest/commands/hrandfield/
func (h Hash) RandField() (string, error) {
	var view structures.Hash
	v, locked, err := h.load("HRANDFIELD", &view)
	defer locked.release()
	switch {
	case err != nil:
		return "", err
	case v.Len() == 0:
		return "", ErrNotFound
	}
	if c := h.db.chance(); c != nil {
		return drawn(c, alphabeticPairs(v), -1)[0].Key, nil
	}
	field, _ := v.Random(rand.Uint64N)
	return field, nil
}

// RandFields returns count different fields, all of them if there are no more; for a
// negative count -count fields, of which each may come several times. Each has the same
// probability. A missing key has none.
//
// It returns [ErrWrongType] if the key holds another type and [ErrOutOfRange] if the
// result of a negative count would not fit into 512 MB.
//
// The complexity is O(count) expected. Redis: [HRANDFIELD].
//
// [HRANDFIELD]: https://redis.io/docs/latest/commands/hrandfield/
func (h Hash) RandFields(count int) ([]string, error) {
	pairs, err := h.randFields(count)
	if err != nil {
		return nil, err
	}
	fields := make([]string, len(pairs))
	for i, p := range pairs {
		fields[i] = p.Key
	}
	return fields, nil
}

// RandFieldsWithValues is RandFields with the values.
//
// It returns [ErrWrongType] if the key holds another type and [ErrOutOfRange] if the
// result of a negative count would not fit into 512 MB.
//
// The complexity is O(count) expected. Redis: [HRANDFIELD].
//
// [HRANDFIELD]: https://redis.io/docs/latest/commands/hrandfield/
func (h Hash) RandFieldsWithValues(count int) ([]Pair, error) { return h.randFields(count) }

// maxRandom is how many pairs fit into MaxStringLen bytes.
const maxRandom = MaxStringLen / 32

func (h Hash) randFields(count int) ([]Pair, error) {
	const op = "HRANDFIELD"
	if count < -maxRandom && h.db.check() == nil {
		return nil, mistake(op, h.key, ErrOutOfRange)
	}
	var view structures.Hash
	v, locked, err := h.load(op, &view)
	defer locked.release()
	switch c := h.db.chance(); {
	case err != nil:
		return nil, err
	case v.Len() == 0:
		return nil, nil
	case c != nil:
		return drawn(c, alphabeticPairs(v), count), nil
	case count < 0:
		pairs := make([]Pair, -count)
		for i := range pairs {
			pairs[i].Key, pairs[i].Value = v.Random(rand.Uint64N)
		}
		return pairs, nil
	}
	return sample(v, min(count, v.Len())), nil
}

// sample returns n different fields, each set of them with the same probability.
func sample(v *structures.Hash, n int) []Pair {
	pairs := make([]Pair, 0, n)
	if n*3 < v.Len() { // most draws are new
		seen := make(map[string]bool, n)
		for len(pairs) < n {
			if field, value := v.Random(rand.Uint64N); !seen[field] {
				seen[field] = true
				pairs = append(pairs, Pair{Key: field, Value: value})
			}
		}
		return pairs
	}
	left := v.Len() // selection sampling (Knuth, volume 2, 3.4.2, algorithm S)
	v.All(func(field, value string, _ int64) bool {
		if rand.IntN(left) < n-len(pairs) {
			pairs = append(pairs, Pair{Key: field, Value: value})
		}
		left--
		return len(pairs) < n
	})
	return pairs
}

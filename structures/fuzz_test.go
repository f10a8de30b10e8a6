package structures

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzHash is a hash without a seed, so that an input means the same in every
// process (FNV-1a, mixed once more since a tag is its upper bits).
func fuzzHash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 32
	return h * 0x9e3779b97f4a7c15
}

func fuzzConfig(b byte) TableConfig {
	c := TableConfig{Hash: fuzzHash, Seq: new(Seq), Versions: b&1 != 0, Track: b&2 != 0, LeafMax: 8, ChunkMax: 64}
	switch b >> 2 & 3 {
	case 1: // few tags
		c.Hash = func(s string) uint64 { return fuzzHash(s) >> 62 << 40 }
	case 2: // a long common prefix
		c.Hash = func(s string) uint64 { return fuzzHash(s) >> 20 &^ addrMask }
	}
	return c
}

// fuzzStep does the write that op, key, arg say.
func (m *tableModel) fuzzStep(op, k, arg byte) {
	key := "k" + strconv.Itoa(int(k))
	if k%50 == 49 {
		key = strings.Repeat(key, MaxInline)
	}
	m.version++
	ref := m.find(key)
	deadline := int64(arg & 7)
	switch op {
	case 0, 1:
		e := modelEntry{kind: arg & MaxKind, deadline: deadline, text: strings.Repeat("v", int(arg))}
		if op == 1 {
			e.text = strings.Repeat("w", MaxInline-100+int(arg))
		}
		m.t.Put(&ref, key, Entry{Kind: e.kind, Version: m.version, Deadline: deadline, Text: e.text})
		m.m[key] = m.stamp(e)
	case 2:
		m.t.Put(&ref, key, Entry{Version: m.version, Deadline: deadline, Object: &counter{[]byte("o")}})
		m.m[key] = m.stamp(modelEntry{deadline: deadline, text: "o", object: true})
	case 3:
		m.t.Delete(&ref, key)
		delete(m.m, key)
	case 4:
		if ref.Found {
			m.t.Restamp(&ref, key, m.version, deadline)
			e := m.m[key]
			e.deadline = deadline
			m.m[key] = m.stamp(e)
		}
	case 5:
		if e := m.m[key]; e.object {
			c := m.t.Mutate(&ref).(*counter)
			c.n = append(c.n, 'x')
			m.t.Mutated(&ref, m.version)
			e.text += "x"
			m.m[key] = m.stamp(e)
		}
	}
}

// scan visits every record, count at a time.
func (m *tableModel) scan(t testing.TB, count int) {
	left := maps.Clone(m.m)
	for cursor, more := uint32(0), true; more; more = cursor != 0 {
		cursor = m.t.Scan(cursor, count, func(rec Record) {
			require.Contains(t, left, rec.Key())
			delete(left, rec.Key())
		})
	}
	require.Empty(t, left)
}

// expire deletes everything that is overdue at now.
func (m *tableModel) expire(t testing.TB, now int64) {
	for {
		budget := 2
		rec, found := m.t.Overdue(now, &budget)
		if !found && budget > 0 {
			break
		}
		if found {
			key := rec.Key()
			at := m.m[key].deadline
			require.True(t, at != 0 && at <= now, "key %.20q is not overdue", key)
			ref := m.find(key)
			m.t.Delete(&ref, key)
			delete(m.m, key)
		}
	}
	for key, e := range m.m {
		require.True(t, e.deadline == 0 || e.deadline > now, "key %.20q is overdue", key)
	}
}

// FuzzTable compares a table and its clones with maps: the first byte chooses
// the configuration, every three after it are one operation.
func FuzzTable(f *testing.F) {
	f.Add([]byte("\x01\x00\x01\x05\x01\x01\x90\x02\x02\x03\x05\x02\x00\x03\x01\x00"))
	f.Add([]byte("\x07\x00\x31\x20\x06\x00\x00\x04\x31\x05\x07\x00\x02\x03\x31\x00\x08\x00\x04"))
	grow := []byte{9}
	for i := range byte(120) {
		grow = append(grow, i&1*8>>3*2, i, i) // strings and objects in turn
	}
	for i := range byte(100) {
		grow = append(grow, 3, i, 0)
	}
	f.Add(grow)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		all := []*tableModel{{t: NewTable(fuzzConfig(data[0])), m: map[string]modelEntry{}}}
		at := 0 // which of them is written
		for data = data[1:]; len(data) >= 3; data = data[3:] {
			m, arg := all[at], data[2]
			switch op := data[0] % 10; op {
			case 6:
				if len(all) < 4 {
					all = append(all, m.clone())
				}
			case 7:
				m.scan(t, 1+int(arg))
			case 8:
				m.expire(t, int64(arg&7))
			case 9:
				at = int(arg) % len(all)
			default:
				m.fuzzStep(op, data[1], arg)
			}
		}
		for _, m := range all {
			m.check(t)
		}
	})
}

// FuzzParse: no bytes make it panic, what it accepts lies within them, and
// it reads what appendHead writes.
func FuzzParse(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add([]byte("\x00\x01\x01kv"), false)
	f.Add(appendHead(nil, 3|flagDeadline, 3, 200, true, 1<<40, -1), true)
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), true)
	f.Fuzz(func(t *testing.T, b []byte, versions bool) {
		table := NewTable(TableConfig{Versions: versions})
		h, ok := table.parse(b)
		if !ok {
			return
		}
		require.Equal(t, b[0], h.meta)
		require.True(t, 3 <= h.key && h.key <= h.val && h.val <= h.end && h.end <= len(b), "%+v of %d", h, len(b))
		klen, vlen := h.val-h.key, h.end-h.val
		require.LessOrEqual(t, max(klen, vlen), MaxInline)

		again := appendHead(nil, h.meta, klen, vlen, versions, 7, 8)
		require.LessOrEqual(t, len(again), h.key) // lengths may have been written with more bytes
		h2, ok := table.parse(append(again, make([]byte, klen+vlen)...))
		require.True(t, ok)
		require.Equal(t, head{meta: h.meta, key: len(again), val: len(again) + klen, end: len(again) + klen + vlen}, h2)
	})
}

package structures

import (
	"cmp"
	"math/rand/v2"
	"testing"

	"github.com/google/btree"
	"github.com/stretchr/testify/require"
)

// heapModel is a heap of deadlines and the ordered tree that it should equal.
type heapModel struct {
	h     heap
	owner uint64
	m     *btree.BTreeG[due]
	tag   uint32
}

func newHeapModel() *heapModel {
	return &heapModel{owner: newOwner(), m: btree.NewG(8, func(a, b due) bool {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.tag, b.tag)) < 0
	})}
}

func (m *heapModel) clone() *heapModel {
	c := &heapModel{owner: newOwner(), m: m.m.Clone(), tag: m.tag}
	m.h.v.share(&c.h.v)
	m.owner = newOwner()
	return c
}

// next returns an entry that is not there: deadlines repeat, tags don't.
func (m *heapModel) next(r *rand.Rand) due {
	m.tag++
	return due{at: r.Int64N(100), tag: m.tag}
}

// first checks the first entry and takes it out of the model. Which of several
// with one deadline comes first is not said.
func (m *heapModel) first(t testing.TB) {
	t.Helper()
	least, _ := m.m.Min()
	got := *m.h.v.At(0)
	require.Equal(t, least.at, got.at)
	_, there := m.m.Delete(got)
	require.True(t, there, "an entry is there twice, or never was")
}

func (m *heapModel) step(t testing.TB, r *rand.Rand, grow int) {
	switch op := r.IntN(100); {
	case op < grow || m.m.Len() == 0:
		d := m.next(r)
		m.h.push(d, m.owner)
		m.m.ReplaceOrInsert(d)
	case op < 70:
		m.first(t)
		m.h.pop(m.owner)
	default:
		m.first(t)
		d := m.next(r)
		m.h.fix(d, m.owner)
		m.m.ReplaceOrInsert(d)
	}
	require.Equal(t, m.m.Len(), m.h.v.Len())
}

func (m *heapModel) drain(t testing.TB) {
	t.Helper()
	for m.h.v.Len() > 0 {
		m.first(t)
		m.h.pop(m.owner)
	}
	require.Zero(t, m.m.Len())
}

func TestDeadlineHeapEqualsModel(t *testing.T) {
	r := rng(t)
	all := []*heapModel{newHeapModel()}
	for i := range 20_000 {
		m := all[r.IntN(len(all))]
		if r.IntN(100) == 0 {
			c := m.clone()
			if len(all) < 5 {
				all = append(all, c)
			} else {
				all[r.IntN(len(all))] = c
			}
		}
		grow := 50
		if i/2000%2 == 1 {
			grow = 20
		}
		m.step(t, r, grow)
	}
	for _, m := range all {
		m.drain(t)
	}
}

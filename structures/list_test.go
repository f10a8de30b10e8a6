package structures

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func listConfigs() map[string]*TableConfig {
	return map[string]*TableConfig{
		"usual": TableConfig{}.WithDefaults(),
		"tiny":  TableConfig{PackedItems: 6, ChunkMax: 64}.WithDefaults(),
		"pages": TableConfig{PackedItems: 1, ChunkMax: 512}.WithDefaults(),
	}
}

// check walks the whole of a list and returns the first thing that contradicts another.
func (l *List) check() error {
	if !l.big {
		n, size := 0, 0
		for rest := l.items(); rest != ""; n++ {
			var s string
			s, rest = nextItem(rest)
			size += itemSize(s)
			if len(s) > packedItemMax {
				return fmt.Errorf("a packed item of %d bytes", len(s))
			}
		}
		if n != l.n || size != l.size || n > l.cfg.PackedItems || size >= packedMax {
			return fmt.Errorf("%d packed items of %d bytes, counted %d of %d", n, size, l.n, l.size)
		}
		return nil
	}
	c := listChecker{t: &l.tree}
	if l.tree.root != nil {
		c.node(l.tree.root, 0)
		if n := len(l.tree.root.counts); l.tree.root.kids != nil && n < 2 {
			return fmt.Errorf("a root with %d children", n)
		}
	}
	if c.nodes != l.tree.nodes || c.held != l.tree.held {
		return fmt.Errorf("%d nodes and %d bytes, counted %d and %d", c.nodes, c.held, l.tree.nodes, l.tree.held)
	}
	for _, p := range []*listPage{l.head, l.tail} {
		if p != nil {
			c.page(p)
		}
	}
	if c.n != l.n || c.size != l.size {
		return fmt.Errorf("%d elements of %d bytes, counted %d of %d", c.n, c.size, l.n, l.size)
	}
	return c.err
}

type listChecker struct {
	t                    *listTree
	n, size, held, nodes int
	depth                int // of the leaves
	err                  error
}

func (c *listChecker) failf(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *listChecker) node(n *listNode, depth int) {
	c.nodes++
	before := c.n
	if len(n.counts) == 0 || len(n.counts) > listFan || len(n.counts) != len(n.kids)+len(n.pages) {
		c.failf("a node of %d counts, %d nodes, %d pages", len(n.counts), len(n.kids), len(n.pages))
	}
	for i, want := range n.counts {
		was := c.n
		if n.kids != nil {
			c.node(n.kids[i], depth+1)
		} else {
			if c.depth == 0 {
				c.depth = depth + 1
			}
			if c.depth != depth+1 {
				c.failf("a leaf at depth %d and one at %d", c.depth-1, depth)
			}
			c.page(n.pages[i])
			c.held += n.pages[i].allocated()
		}
		if c.n-was != want {
			c.failf("a child of %d elements, counted %d", c.n-was, want)
		}
	}
	if c.n-before != n.n {
		c.failf("a node of %d elements, counted %d", c.n-before, n.n)
	}
}

func (c *listChecker) page(p *listPage) {
	size, refSize, refBytes, inline := 0, 0, 0, 0
	for i := range p.len() {
		s := p.item(i)
		size += itemSize(s)
		if len(s) > MaxInline {
			refSize += itemSize(s)
			refBytes += len(s)
		} else {
			inline += itemSize(s)
		}
	}
	kept := 0
	for _, s := range p.refs {
		kept += len(s)
	}
	if p.len() <= 0 || size != p.size || refSize != p.refSize || refBytes != p.refBytes || kept != refBytes {
		c.failf("a page of %d elements, %d bytes (%d, %d, %d by reference), counted %d (%d, %d)", p.len(), size, refSize, refBytes, kept, p.size, p.refSize, p.refBytes)
	}
	if int(p.wrote)+int(p.hi)*listSlotLen > len(p.buf) || inline > int(p.wrote) {
		c.failf("a page of %d bytes has %d in items and %d slots", len(p.buf), p.wrote, p.hi)
	}
	c.n += p.len()
	c.size += size
}

// listModel is a list, the slice that it should equal, and strings that it returned,
// with copies made at once.
type listModel struct {
	l    *List
	m    []string
	kept *[][2]string
}

func newListModel(cfg *TableConfig) *listModel {
	return &listModel{l: NewList(cfg), kept: new([][2]string)}
}

func (m *listModel) clone() *listModel {
	return &listModel{l: m.l.Clone().(*List), m: slices.Clone(m.m), kept: m.kept}
}

// save does what a store does after a command: it packs what fits.
func (m *listModel) save(t testing.TB) {
	blob, packed := m.l.Blob()
	require.False(t, !packed && !m.l.big)
	if packed {
		text := string(blob)
		if len(m.m) == 0 {
			text = ""
		}
		m.l = NewList(m.l.cfg)
		m.l.Unpack(text)
	}
}

func (m *listModel) check(t testing.TB) {
	t.Helper()
	require.NoError(t, m.l.check())
	require.Equal(t, len(m.m), m.l.Len())
	size := 0
	for i, want := range m.m {
		size += itemSize(want)
		require.True(t, m.l.At(i) == want, "element %d of %d", i, len(m.m))
	}
	require.Equal(t, size, m.l.Size())
	for _, back := range []bool{false, true} {
		from, n := 0, 0
		if back {
			from = len(m.m) - 1
		}
		m.l.Walk(from, back, func(i int, s string) bool {
			want := n
			if back {
				want = len(m.m) - 1 - n
			}
			require.Equal(t, want, i)
			require.True(t, s == m.m[i], "element %d of %d, walking", i, len(m.m))
			n++
			return true
		})
		require.Equal(t, len(m.m), n)
	}
}

// text returns an element; few are repeated often, for Remove.
func listText(n, arg int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return strings.Repeat("x", packedItemMax+arg%3-1)
	case 2:
		return strings.Repeat("big", 300+arg)
	case 3:
		return strings.Repeat("y", MaxInline+arg%3-1)
	case 4:
		return strings.Repeat("z", arg)
	}
	return strconv.Itoa(arg % 7)
}

// step does operation op on both sides. at chooses a place, s is an element.
func (m *listModel) step(op, at int, s string) {
	n := len(m.m)
	place := at % max(n, 1)
	switch op {
	case 0, 1:
		m.l.PushBack(s)
		m.m = append(m.m, s)
	case 2, 3:
		m.l.PushFront(s)
		m.m = slices.Insert(m.m, 0, s)
	case 4:
		m.l.Insert(at%(n+1), s)
		m.m = slices.Insert(m.m, at%(n+1), s)
	case 5:
		if n > 0 {
			m.l.Set(place, s)
			m.m[place] = s
		}
	case 6:
		k := min(n, at%4)
		if k == 1 {
			m.keep(m.l.PopFront(), m.m[0])
		} else {
			m.l.DropFront(k)
		}
		m.m = slices.Delete(m.m, 0, k)
	case 7:
		k := min(n, at%4)
		if k == 1 {
			m.keep(m.l.PopBack(), m.m[n-1])
		} else {
			m.l.DropBack(k)
		}
		m.m = slices.Delete(m.m, n-k, n)
	case 8:
		m.remove(s, []int{1, -1, 2, -3, 0, math.MinInt, math.MaxInt}[at%7])
	case 9: // trim
		front := at % (n/2 + 1)
		back := at / 3 % (n - front + 1)
		m.l.DropFront(front)
		m.l.DropBack(back)
		m.m = slices.Delete(m.m[front:], n-front-back, n-front)
	case 10:
		if n > 0 {
			m.keep(m.l.At(place), m.m[place])
		}
	}
}

// keep remembers a string that was read, which should be want.
func (m *listModel) keep(got, want string) {
	if len(*m.kept) < 5000 {
		*m.kept = append(*m.kept, [2]string{got, strings.Clone(want)})
	}
}

func (m *listModel) remove(s string, count int) {
	got := m.l.Remove(s, count)
	left, want := count, 0
	if count <= 0 {
		left = -count
	}
	if count == 0 || count == math.MinInt {
		left = math.MaxInt
	}
	if count < 0 {
		slices.Reverse(m.m)
	}
	m.m = slices.DeleteFunc(m.m, func(e string) bool {
		if e != s || want == left {
			return false
		}
		want++
		return true
	})
	if count < 0 {
		slices.Reverse(m.m)
	}
	if got != want {
		panic(fmt.Sprintf("Remove(%q, %d) = %d, want %d", s, count, got, want))
	}
}

func (m *listModel) keptSame(t testing.TB) {
	for i, k := range *m.kept {
		require.True(t, k[0] == k[1], "string %d has changed", i)
	}
}

func TestListEqualsModel(t *testing.T) {
	for name, cfg := range listConfigs() {
		for _, grow := range []int{2, 6, 9} { // of 10 writes
			t.Run(fmt.Sprintf("%s, %d", name, grow), func(t *testing.T) {
				r := rng(t)
				all := []*listModel{newListModel(cfg)}
				for i := range 6000 {
					m := all[r.IntN(len(all))]
					op := 6 + r.IntN(4)
					switch {
					case r.IntN(10) < grow:
						op = r.IntN(5)
					case r.IntN(3) == 0:
						op = 5 + r.IntN(2)*5
					case op == 9 && r.IntN(20) > 0:
						op = 8
					}
					m.step(op, r.IntN(1<<20), listText(r.IntN(30), r.IntN(200)))
					if r.IntN(3) == 0 {
						m.save(t)
					}
					if r.IntN(40) == 0 {
						c := m.clone()
						if len(all) < 4 {
							all = append(all, c)
						} else {
							all[r.IntN(len(all))] = c
						}
					}
					if i%97 == 0 {
						m.check(t)
					}
				}
				for _, m := range all {
					m.check(t)
				}
				all[0].keptSame(t)
			})
		}
	}
}

// FuzzList compares lists and their clones with slices: the first byte chooses the
// configuration, every three after it are one operation.
func FuzzList(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x05\x02\x01\x90\x0a\x02\x03\x0b\x05\x02\x04\x03\x01"))
	f.Add([]byte("\x01\x00\x31\x20\x06\x00\x00\x04\x31\x05\x07\x00\x02\x08\x31\x00\x0c\x00\x04\x0d\x01\x01"))
	long := []byte{1}
	for i := range byte(200) {
		long = append(long, i%6, i, i*7, 11, 0, 0)
	}
	f.Add(long)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 3000 {
			return
		}
		cfg := listConfigs()[[]string{"usual", "tiny", "pages"}[data[0]%3]]
		all := []*listModel{newListModel(cfg)}
		at := 0 // which of them is written
		for data = data[1:]; len(data) >= 3; data = data[3:] {
			m, a, b := all[at], int(data[1]), int(data[2])
			switch op := int(data[0] % 14); op {
			case 11:
				m.save(t)
			case 12:
				if len(all) < 4 {
					all = append(all, m.clone())
				}
			case 13:
				at = a % len(all)
			default:
				m.step(op, a*7+b, listText(a%12, b))
			}
			require.NoError(t, all[at].l.check())
		}
		for _, m := range all {
			m.check(t)
		}
		all[0].keptSame(t)
	})
}

func bigList(n int) *List {
	l := NewList(TableConfig{}.WithDefaults())
	for i := range n {
		l.PushBack(fmt.Sprintf("element%09d", i))
	}
	return l
}

// A small change of a big list, or of its clone, costs a few pages.
func TestListCloneIsSmall(t *testing.T) {
	n := alone(200_000)
	middle := fmt.Sprintf("element%09d", n/2)
	l := bigList(n)
	c := l.Clone().(*List)
	for _, write := range []func(l *List){
		func(l *List) { l.PushBack("x") },
		func(l *List) { l.PushFront("x") },
		func(l *List) { l.DropFront(1) },
		func(l *List) { l.DropBack(1) },
		func(l *List) { l.Set(n/2, "y") },
		func(l *List) { l.Insert(n/3, "z") },
		func(l *List) { l.Remove(middle, 1) },
	} {
		for _, l := range []*List{l, c} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range 100 {
				write(l.Clone().(*List))
			}
			runtime.ReadMemStats(&after)
			require.Less(t, (after.TotalAlloc-before.TotalAlloc)/100, uint64(20_000))
		}
	}
	require.NoError(t, l.check())
	require.NoError(t, c.check())
	require.Equal(t, middle, c.At(n/2))
}

// What is popped is given back, however the list was filled.
func TestListShrinks(t *testing.T) {
	for _, large := range []bool{false, true} {
		l := bigList(0)
		s := "0123456789abcdef"
		if large {
			s = strings.Repeat(s, 100)
		}
		for i := range 20_000 {
			if i%3 == 0 {
				l.PushFront(s)
			} else {
				l.PushBack(s)
			}
		}
		full := l.Allocated()
		keep := l.Clone() // pops from shared pages give it back, too
		for l.Len() > 100 {
			before := l.Allocated()
			for range 1000 {
				if l.Len()%2 == 0 {
					l.DropFront(1)
				} else {
					l.DropBack(1)
				}
				if l.Len() == 100 {
					break
				}
			}
			require.Less(t, l.Allocated(), before)
			require.NoError(t, l.check())
		}
		require.Less(t, l.Allocated(), l.Size()*3/2+5*listPageLen)
		l.DropFront(l.Len())
		require.Less(t, l.Allocated(), 2000)
		require.Equal(t, full, keep.Allocated())
	}
}

// However a list is used, its pages stay reasonably full.
func TestListStaysDense(t *testing.T) {
	r := rng(t)
	for name, write := range map[string]func(l *List){
		"edits at the end":   func(l *List) { l.PushBack("0123456789abcdef"); l.Set(l.Len()-1, "0123456789abcdeg") },
		"edits at the start": func(l *List) { l.PushFront("0123456789abcdef"); l.Set(0, "0123456789abcdeg") },
		"clones":             func(l *List) { l.Clone(); l.PushBack("0123456789abcdef") },
		"clones and fronts":  func(l *List) { l.Clone(); l.PushFront("0123456789abcdef") },
		"inserts":            func(l *List) { l.Insert(r.IntN(l.Len()+1), "0123456789abcdef") },
		"a stack":            func(l *List) { l.PushBack("0123456789abcdef"); l.PushBack("0123456789abcdef"); l.DropBack(1) },
		"a queue":            func(l *List) { l.PushBack("0123456789abcdef"); l.PushBack("0123456789abcdef"); l.DropFront(1) },
		"holes": func(l *List) {
			for range 10 {
				l.PushBack(strconv.Itoa(r.IntN(5)) + "0123456789abcde")
			}
			l.Remove(strconv.Itoa(r.IntN(5))+"0123456789abcde", 9)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := bigList(100)
			for range alone(20_000) {
				write(l)
			}
			require.NoError(t, l.check())
			require.LessOrEqual(t, l.Allocated(), l.Len()*19*9/4+2*listPageLen, "%d elements", l.Len())
		})
	}
}

func TestListAllocs(t *testing.T) {
	const s = "0123456789abcdef"
	big := bigList(100_000)
	require.Zero(t, testing.AllocsPerRun(10_000, func() {
		big.PushBack(s)
		_ = big.PopFront()
	}))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		big.Walk(0, false, func(i int, _ string) bool { return i < 50 })
	}))

	small := bigList(10)
	first, _ := small.Blob()
	blob := string(first) // a store has it in a record
	require.Zero(t, testing.AllocsPerRun(100, func() {
		small.Unpack(blob)
		small.PushBack(s)
		small.PushFront(s)
		small.Insert(3, s)
		small.Set(4, s)
		_, packed := small.Blob()
		require.True(t, packed)

		small.Unpack(blob)
		_ = small.PopFront()
		small.Remove(s, 0)
		_, packed = small.Blob()
		require.True(t, packed)
	}))
}

// ring is the simplest queue: what a List is measured against.
type ring struct {
	e       []string
	head, n int
}

func (r *ring) push(s string) {
	if r.n == len(r.e) {
		e := make([]string, max(16, 2*r.n))
		for i := range r.n {
			e[i] = r.e[(r.head+i)&(len(r.e)-1)]
		}
		r.e, r.head = e, 0
	}
	r.e[(r.head+r.n)&(len(r.e)-1)] = s
	r.n++
}

func (r *ring) pop() string {
	s := r.e[r.head]
	r.e[r.head] = ""
	r.head = (r.head + 1) & (len(r.e) - 1)
	r.n--
	return s
}

var sink string

const million = 1_000_000

func BenchmarkListPushPop(b *testing.B) {
	values := make([]string, 1024)
	for i := range values {
		values[i] = fmt.Sprintf("element%09d", i)
	}
	b.Run("list", func(b *testing.B) {
		l := bigList(million)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			l.PushBack(values[i&1023])
			sink = l.PopFront()
		}
	})
	b.Run("ring", func(b *testing.B) {
		var r ring
		for i := range million {
			r.push(values[i&1023])
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r.push(values[i&1023])
			sink = r.pop()
		}
	})
}

func BenchmarkListInsert(b *testing.B) {
	b.Run("list", func(b *testing.B) {
		l := bigList(million)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			l.Insert(l.Len()/2, "0123456789abcdef")
		}
	})
	b.Run("slice", func(b *testing.B) {
		s := make([]string, million, 2*million)
		for b.Loop() {
			s = slices.Insert(s, len(s)/2, "0123456789abcdef")
		}
	})
}

func BenchmarkListAt(b *testing.B) {
	l := bigList(million)
	r := rand.New(rand.NewPCG(1, 2))
	places := make([]int, 1<<16)
	for i := range places {
		places[i] = r.IntN(million)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_ = l.At(places[i&(1<<16-1)])
	}
	b.ReportMetric(float64(l.Allocated())/million, "B/element")
}

package structures

import "fmt"

// check returns the first thing in a stream that contradicts another. It is for tests.
func (s *Stream) check() error {
	n, size, held := 0, 0, 0
	prev, begun := StreamID{}, false
	var err error
	s.eachPage(func(p *streamPage) bool {
		live := 0
		for i := range int(p.n) {
			id, _ := p.id(i)
			if begun && !prev.less(id) {
				err = fmt.Errorf("structures: entry %v behind %v", id, prev)
			}
			prev, begun = id, true
			if !p.isDead(i) {
				live++
			}
		}
		if live != p.live() {
			err = fmt.Errorf("structures: %d entries in a page, counted %d", live, p.live())
		}
		n, size, held = n+live, size+p.size(), held+p.allocated()
		return true
	})
	for _, g := range s.groups {
		a, b := g.takes()
		size, held = size+a, held+b
		if g.times != nil && g.times.Len() != g.Len() {
			err = fmt.Errorf("structures: %d pending entries, %d by time", g.Len(), g.times.Len())
		}
	}
	switch {
	case err != nil:
		return err
	case n != s.n:
		return fmt.Errorf("structures: %d entries, counted %d", n, s.n)
	case size != s.Size() || held+streamOverhead != s.Allocated():
		return fmt.Errorf("structures: size %d/%d, counted %d/%d", size, held+streamOverhead, s.Size(), s.Allocated())
	}
	return nil
}

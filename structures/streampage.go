package structures

// StreamEntry is an entry of a stream. Its strings are pieces of a page, which never
// change.
type StreamEntry struct {
	ID   StreamID
	page *streamPage
	at   int
}

// Len returns the number of pairs.
func (e StreamEntry) Len() int { panic("not yet") }

// All calls visit with the pairs in their order until it returns false. It allocates
// nothing.
func (e StreamEntry) All(visit func(field, value string) bool) { panic("not yet") }

// AppendTo appends the fields and values in turn to dst.
func (e StreamEntry) AppendTo(dst []string) []string { panic("not yet") }

// Nodes returns how many nodes the stream has, and how many nodes the radix tree has
// that Redis would keep them in. The complexity is O(n), n the first of them.
func (s *Stream) Nodes() (keys, radix int) { panic("not yet") }

type streamPage struct {
	owner uint64
	base  StreamID
	head  int32
}

func streamNeed(pairs []string) int { panic("not yet") }
func newStreamPage(owner uint64, id StreamID, pairs []string, prev *streamPage) *streamPage {
	panic("not yet")
}
func (p *streamPage) allocated() int             { panic("not yet") }
func (p *streamPage) full(int) bool              { panic("not yet") }
func (p *streamPage) seal()                      { panic("not yet") }
func (p *streamPage) add(StreamID, []string) int { panic("not yet") }
func (p *streamPage) clone(uint64) *streamPage   { panic("not yet") }
func (p *streamPage) find(StreamID) (int, bool)  { panic("not yet") }
func (p *streamPage) isDead(int) bool            { panic("not yet") }
func (p *streamPage) kill(int) int               { panic("not yet") }
func (p *streamPage) live() int                  { panic("not yet") }
func (p *streamPage) size() int                  { panic("not yet") }
func (p *streamPage) entry(int) StreamEntry      { panic("not yet") }
func (p *streamPage) ascend(from, to StreamID, visit func(StreamEntry) bool) bool { panic("not yet") }

func (p *streamPage) descend(from, to StreamID, visit func(StreamEntry) bool) bool { panic("not yet") }

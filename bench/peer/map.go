package peer

func init() {
	add(Peer{Name: "map", Kind: Floor, Serial: true, About: "built-in maps, without a lock"},
		func(Config) builtin {
			return builtin{map[string]string{}, nested[string]{}, nested[struct{}]{}, nested[float64]{}}
		})
}

type builtin struct {
	strings map[string]string
	hashes  nested[string]
	sets    nested[struct{}]
	scores  nested[float64]
}

func (builtin) Close() {}

func (m builtin) Get(key string) (string, bool) { return lookup(m.strings, key) }
func (m builtin) Set(key, value string)         { m.strings[key] = value }

func (m builtin) Incr(key string) int64 {
	text, found := m.strings[key]
	n, text := next(text, found)
	m.strings[key] = text
	return n
}

func (m builtin) HGet(key, field string) (string, bool) { return lookup(m.hashes[key], field) }
func (m builtin) HSet(key, field, value string)         { m.hashes.put(key, field, value) }

func (m builtin) SAdd(key, member string)           { m.sets.put(key, member, struct{}{}) }
func (m builtin) SIsMember(key, member string) bool { return second(lookup(m.sets[key], member)) }
func (m builtin) SInter(a, b string) int            { return len(inter(m.sets[a], m.sets[b])) }

func (m builtin) ZAdd(key, member string, score float64)    { m.scores.put(key, member, score) }
func (m builtin) ZScore(key, member string) (float64, bool) { return lookup(m.scores[key], member) }

package peer

import "slices"

func init() {
	add(Peer{Name: "slice", Kind: Floor, Serial: true, About: "`[]string`s in a built-in map, popped by reslicing, without a lock"},
		func(Config) slice { return slice{} })
}

type slice map[string][]string

func (slice) Close() {}

func (s slice) RPush(key, value string) { s[key] = append(s[key], value) }

func (s slice) LPop(key string) (string, bool) {
	list := s[key]
	if len(list) == 0 {
		return "", false
	}
	s[key] = list[1:]
	return list[0], true
}

func (s slice) LIndex(key string, i int) (string, bool) {
	list := s[key]
	if i >= len(list) {
		return "", false
	}
	return list[i], true
}

func (s slice) LRange(key string, from, to int) int {
	list := s[key]
	return len(slices.Clone(list[min(from, len(list)):min(to+1, len(list))]))
}

func (s slice) LInsert(key, before, value string) {
	s[key] = slices.Insert(s[key], slices.Index(s[key], before), value)
}

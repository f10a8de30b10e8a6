package peer

import "github.com/gammazero/deque"

func init() {
	add(Peer{Name: "deque", Kind: Structure, Serial: true, Module: "github.com/gammazero/deque", About: "a `Deque` for each key in a built-in map, without a lock"},
		func(Config) deques { return deques{} })
}

type deques map[string]*deque.Deque[string]

func (deques) Close() {}

func (d deques) RPush(key, value string) {
	q := d[key]
	if q == nil {
		q = new(deque.Deque[string])
		d[key] = q
	}
	q.PushBack(value)
}

func (d deques) LPop(key string) (string, bool) {
	q := d[key]
	if q.Len() == 0 {
		return "", false
	}
	return q.PopFront(), true
}

func (d deques) LIndex(key string, i int) (string, bool) {
	q := d[key]
	if i >= q.Len() {
		return "", false
	}
	return q.At(i), true
}

func (d deques) LRange(key string, from, to int) int {
	q := d[key]
	list := make([]string, 0, to-from+1)
	for i := from; i <= min(to, q.Len()-1); i++ {
		list = append(list, q.At(i))
	}
	return len(list)
}

func (d deques) LInsert(key, before, value string) {
	q := d[key]
	q.Insert(q.Index(func(s string) bool { return s == before }), value)
}

package peer

import (
	"sort"

	"github.com/tidwall/btree"
)

func init() {
	add(Peer{Name: "btree", Kind: Structure, Serial: true, Module: "github.com/tidwall/btree", About: "a `BTreeG` with `NoLocks` and a map from member to score; ranks by bisection with `GetAt`"},
		func(Config) treeAndMap { return treeAndMap{} })
}

type treeAndMap map[string]struct {
	scores map[string]float64
	tree   *btree.BTreeG[pair]
}

func (treeAndMap) Close() {}

func (t treeAndMap) ZAdd(key, member string, score float64) {
	z, found := t[key]
	if !found {
		z.scores, z.tree = map[string]float64{}, btree.NewBTreeGOptions(pair.less, btree.Options{NoLocks: true})
		t[key] = z
	}
	if old, found := z.scores[member]; found {
		z.tree.Delete(pair{old, member})
	}
	z.scores[member] = score
	z.tree.Set(pair{score, member})
}

func (t treeAndMap) ZScore(key, member string) (float64, bool) { return lookup(t[key].scores, member) }

func (t treeAndMap) ZRank(key, member string) (int, bool) {
	z := t[key]
	score, found := z.scores[member]
	if !found {
		return 0, false
	}
	return sort.Search(z.tree.Len(), func(i int) bool {
		item, _ := z.tree.GetAt(i)
		return !item.less(pair{score, member})
	}), true
}

func (t treeAndMap) ZRange(key string, from float64, n int) int {
	list := make([]pair, 0, n)
	if z, found := t[key]; found {
		z.tree.Ascend(pair{score: from}, func(p pair) bool {
			list = append(list, p)
			return len(list) < n
		})
	}
	return len(list)
}

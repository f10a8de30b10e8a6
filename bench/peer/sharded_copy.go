package peer

import "strings"

func init() {
	add(Peer{Name: "sharded-copy", Kind: Map, About: "as `sharded`, but copies the strings it is given"},
		func(Config) *sharded { return newSharded(strings.Clone) })
}

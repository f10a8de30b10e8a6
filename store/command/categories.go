package command

import (
	"strings"
	"sync"
)

// This file has the categories that ACLs know.

// groupCategories are the categories that follow from groups.
var groupCategories = map[string]string{
	"string": "string", "bitmap": "bitmap", "hash": "hash", "list": "list", "set": "set",
	"sorted-set": "sortedset", "hyperloglog": "hyperloglog", "geo": "geo", "stream": "stream",
	"generic": "keyspace", "connection": "connection", "transactions": "transaction",
	"scripting": "scripting", "pubsub": "pubsub",
}

// categoryNames are the categories of ACLs, as ACL CAT lists them.
var categoryNames = []string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap",
	"hyperloglog", "geo", "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous",
	"connection", "transaction", "scripting",
}

// flagCategories are the categories that follow from flags.
var flagCategories = map[Flags][]string{
	Write: {"write"}, ReadOnly: {"read"}, Admin: {"admin", "dangerous"}, PubSub: {"pubsub"},
	Fast: {"fast"}, Blocking: {"blocking"},
}

// in says whether the command is of a category.
func (cmd *Command) in(category string) bool { return inCategory()[category][cmd] }

// inCategory has the commands of each category, for what looks at all of them.
var inCategory = sync.OnceValue(func() map[string]map[*Command]bool {
	all := map[string]map[*Command]bool{}
	for _, name := range categoryNames {
		all[name] = map[*Command]bool{}
	}
	for cmd := range everyCommand() {
		for _, name := range cmd.Categories() {
			all[name][cmd] = true
		}
	}
	return all
})

// categorySets has the same as sets of bits, for what counts.
var categorySets = sync.OnceValue(func() map[string]commandSet {
	sets := map[string]commandSet{}
	for name, all := range inCategory() {
		var s commandSet
		for cmd := range all {
			s.set(cmd, true)
		}
		sets[name] = s
	}
	return sets
})

// Categories returns the ACL categories of the command, such as "read", in the order of ACL CAT.
func (cmd *Command) Categories() []string {
	has := map[string]bool{}
	for _, name := range strings.Fields(cmd.categories) {
		if rest, ok := strings.CutPrefix(name, "-"); ok {
			has[rest] = false // not that of the group
		} else {
			has[name] = true
		}
	}
	if name := groupCategories[cmd.Group]; name != "" && cmd.Subs == nil {
		if _, ok := has[name]; !ok {
			has[name] = true
		}
	}
	for flag, names := range flagCategories {
		if cmd.Flags&flag != 0 {
			for _, name := range names {
				has[name] = true
			}
		}
	}
	if has["scripting"] {
		has["read"] = false // EVAL_RO and its like, of which nobody knows what they do
	}
	if cmd.Flags&Fast == 0 {
		has["slow"] = true
	}
	var list []string
	for _, name := range categoryNames {
		if has[name] {
			list = append(list, name)
		}
	}
	return list
}

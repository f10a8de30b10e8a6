package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
)

// kinds are the types that the index uses, as its summary names them.
var kinds = []store.Kind{store.KindHash, store.KindList, store.KindSet, store.KindZSet}

// summary prints what was indexed, how fast, and what it takes.
func (ix *index) summary(w io.Writer) error {
	idents, err := ix.s.ZSet(useKey).Card()
	if err != nil {
		return err
	}
	top, err := ix.s.ZSet(useKey).RangeWithScores(store.ByRank(0, 4).Rev())
	if err != nil {
		return err
	}
	big, err := ix.s.List(largestKey).Range(0, 2)
	if err != nil {
		return err
	}
	commands := ix.commands.Load()
	fmt.Fprintf(w, "%s: %s, %s\n", ix.dir, console.Count(int(ix.files.Load()), "file"), console.Count(idents, "identifier"))
	if n := ix.skipped.Load(); n > 0 {
		fmt.Fprintf(w, "%s could not be read\n", console.Count(int(n), "file"))
	}
	fmt.Fprintf(w, "%d operations in %v, %.0f a second\n",
		commands, ix.took.Round(time.Microsecond), float64(commands)/ix.took.Seconds())
	fmt.Fprintf(w, "used most:")
	for _, m := range top {
		fmt.Fprintf(w, " %s (%.0f)", m.Member, m.Score)
	}
	fmt.Fprintf(w, "\nlargest:")
	for _, path := range big {
		size, err := ix.s.Hash(fileKey(path)).Get("size")
		if err != nil {
			return err
		}
		fmt.Fprintf(w, " %s (%s bytes)", path, size)
	}
	fmt.Fprintln(w)
	return ix.memory(w)
}

// memory prints what each type takes.
func (ix *index) memory(w io.Writer) error {
	for _, kind := range kinds {
		keys, bytes, err := memoryOf(ix.s, kind)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-5s %8d keys %9.1f MB\n", kind, keys, float64(bytes)/1e6)
	}
	_, err := fmt.Fprintf(w, "in all, with slack: %.1f MB\n", float64(ix.s.UsedMemory())/1e6)
	return err
}

// memoryOf adds up MEMORY USAGE over all keys of a kind.
func memoryOf(s *store.Store, kind store.Kind) (keys, bytes int, err error) {
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		var some []string
		some, cursor, err = s.Scan(cursor, store.ScanOptions{Type: kind, Count: 1000})
		if err != nil {
			return 0, 0, err
		}
		for _, key := range some {
			n, err := s.MemoryUsage(key)
			if err != nil {
				return 0, 0, err
			}
			keys++
			bytes += n
		}
	}
	return keys, bytes, nil
}

// query prints the files that use all of idents, up to show of them.
func query(w io.Writer, s *store.Store, idents []string, show int) error {
	for _, ident := range idents {
		files, err := s.Set(identKey(ident)).Card()
		if err != nil {
			return err
		}
		uses, err := s.ZSet(useKey).Score(ident)
		if err != nil && err != store.ErrNotFound {
			return err
		}
		fmt.Fprintf(w, "%s: in %s, used %s\n", ident, console.Count(files, "file"), console.Count(int(uses), "time"))
	}
	keys := make([]string, len(idents))
	for i, ident := range idents {
		keys[i] = identKey(ident)
	}
	start := time.Now()
	found, err := s.Set(keys[0]).Inter(keys[1:]...)
	took := time.Since(start)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "found in %v: %s with all of them\n", took, console.Count(len(found), "file"))
	slices.Sort(found)
	for i, path := range found {
		if i >= max(show, 0) {
			fmt.Fprintf(w, "  ... and %d more\n", len(found)-i)
			break
		}
		fmt.Fprintln(w, " ", path)
	}
	return nil
}

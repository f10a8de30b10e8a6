package main

import (
	"cmp"
	"context"
	"fmt"
	"go/scanner"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alcovedb/alcove/examples/internal/console"
	"github.com/alcovedb/alcove/store"
)

// The keys of the index.
const (
	useKey     = "use"     // ZSet: identifier by how often it is used
	largestKey = "largest" // List: the largest files, the largest first
	largest    = 10
)

func identKey(ident string) string { return "ident:" + ident } // Set of files
func fileKey(path string) string   { return "file:" + path }   // Hash: size, lines, idents, uses

// index is what is known of a folder of Go source.
type index struct {
	s    *store.Store
	dir  string
	took time.Duration

	files, skipped, commands atomic.Int64
}

// file is a file with its size in bytes.
type file struct {
	path string
	size int64
}

// build indexes every Go file below dir. It prints its progress.
func (ix *index) build(ctx context.Context, dir string, progress io.Writer) error {
	files, err := goFiles(ctx, dir)
	if err != nil {
		return err
	}
	ix.dir = dir
	start := time.Now()
	done := make(chan struct{})
	var report sync.WaitGroup
	report.Go(func() {
		console.Report(progress, done, func() string {
			return fmt.Sprintf("%d of %d files", ix.files.Load()+ix.skipped.Load(), len(files))
		})
	})

	todo := make(chan file)
	var workers sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		workers.Go(func() {
			for f := range todo {
				if errs[i] == nil {
					errs[i] = ix.add(f)
				}
			}
		})
	}
	err = feed(ctx, todo, files)
	workers.Wait()
	close(done)
	report.Wait()
	ix.took = time.Since(start)
	for _, e := range errs {
		err = cmp.Or(err, e)
	}
	if err != nil {
		return fmt.Errorf("after %d of %d files: %w", ix.files.Load(), len(files), err)
	}
	return ix.addLargest(files)
}

// feed sends the files to the workers until there are none left, or the context ends.
func feed(ctx context.Context, todo chan<- file, files []file) error {
	defer close(todo)
	for _, f := range files {
		select {
		case todo <- f:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// goFiles returns the Go files below dir.
func goFiles(ctx context.Context, dir string) (files []file, err error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a folder", dir)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		case !d.Type().IsRegular() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files = append(files, file{path, info.Size()})
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no Go files in %s", dir)
	}
	return files, err
}

// add indexes one file. One that can't be read is left out and counted.
func (ix *index) add(f file) error {
	text, err := os.ReadFile(f.path)
	if err != nil {
		ix.skipped.Add(1)
		return nil
	}
	path, err := filepath.Rel(ix.dir, f.path)
	if err != nil {
		return err
	}
	uses, lines := identifiers(text)
	total := 0
	for ident, n := range uses {
		if _, err := ix.s.Set(identKey(ident)).Add(path); err != nil {
			return err
		}
		if _, err := ix.s.ZSet(useKey).IncrBy(float64(n), ident); err != nil {
			return err
		}
		total += n
	}
	err = ix.s.Hash(fileKey(path)).MSet(
		store.Pair{Key: "size", Value: strconv.FormatInt(f.size, 10)},
		store.Pair{Key: "lines", Value: strconv.Itoa(lines)},
		store.Pair{Key: "idents", Value: strconv.Itoa(len(uses))},
		store.Pair{Key: "uses", Value: strconv.Itoa(total)},
	)
	ix.commands.Add(int64(2*len(uses) + 1))
	ix.files.Add(1)
	return err
}

// identifiers returns how often each identifier stands in a Go file, and the number
// of its lines.
func identifiers(text []byte) (uses map[string]int, lines int) {
	uses = map[string]int{}
	set := token.NewFileSet()
	f := set.AddFile("", set.Base(), len(text))
	var s scanner.Scanner
	s.Init(f, text, nil, 0)
	for {
		_, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			return uses, f.LineCount()
		case tok == token.IDENT && lit != "_":
			uses[lit]++
		}
	}
}

// addLargest stores the largest files.
func (ix *index) addLargest(files []file) error {
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.path, b.path))
	})
	for _, f := range files[:min(largest, len(files))] {
		path, err := filepath.Rel(ix.dir, f.path)
		if err != nil {
			return err
		}
		if _, err := ix.s.List(largestKey).RPush(path); err != nil {
			return err
		}
		ix.commands.Add(1)
	}
	return nil
}

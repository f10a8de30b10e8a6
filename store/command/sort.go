package command

import (
	"errors"
	"math"
	"strings"

	"github.com/alcovedb/alcove/store"
)

// sortWords are the options of SORT.
type sortWords struct {
	store.SortOptions
	dst    string
	stores bool
}

// Errors of a user that may not read every key, which the patterns of BY and GET may name.
var (
	errSortBy  = failed("ERR BY option of SORT denied due to insufficient ACL permissions.")
	errSortGet = failed("ERR GET option of SORT denied due to insufficient ACL permissions.")
)

// read reads the options (sortCommandGeneric in sort.c).
func (o *sortWords) read(c *call, readOnly bool) *Reply {
	inOrder, readsAll := false, c.s.fixed != nil || c.s.user.Load().readsAllKeys(c.cmd, c.args)
	for i := 2; i < len(c.args); i++ {
		left := len(c.args) - i - 1
		switch {
		case c.is(i, "asc"):
			o.Desc = false
		case c.is(i, "desc"):
			o.Desc = true
		case c.is(i, "alpha"):
			o.Alpha = true
		case c.is(i, "limit") && left >= 2:
			if bad := o.limit(c, i); bad != nil {
				return bad
			}
			i += 2
		case !readOnly && c.is(i, "store") && left >= 1:
			i++
			o.dst, o.stores = c.args[i], true
		case c.is(i, "by") && left >= 1:
			i++
			switch hasStar := strings.Contains(cString(c.args[i]), "*"); {
			case hasStar && c.clustered():
				return &errClusterBy
			case hasStar && !readsAll:
				return &errSortBy
			}
			if inOrder = inOrder || !strings.Contains(cString(c.args[i]), "*"); inOrder {
				o.By = "nothing" // whatever has no star, or comes after it
			} else {
				o.By = c.args[i]
			}
		case c.is(i, "get") && left >= 1:
			switch {
			case c.clustered():
				return &errClusterGet
			case !readsAll:
				return &errSortGet
			}
			i++
			o.Get = append(o.Get, c.args[i])
		default:
			return &errSyntax
		}
	}
	return nil
}

// limit reads LIMIT, which stands at i.
func (o *sortWords) limit(c *call, i int) *Reply {
	offset, bad := c.int(i + 1)
	if bad != nil {
		return bad
	}
	count, bad := c.int(i + 2)
	if bad != nil {
		return bad
	}
	o.Offset, o.Count = clamp(offset), clamp(count)
	if count == 0 { // which is all of them there
		o.Offset = math.MaxInt
	}
	return nil
}

func runSort(c *call) Reply { return c.sort(false) }

func runSortRO(c *call) Reply { return c.sort(true) }

func (c *call) sort(readOnly bool) Reply {
	var o sortWords
	if bad := o.read(c, readOnly); bad != nil {
		return *bad
	}
	var r Reply
	var err error
	if o.stores {
		var n int
		n, err = c.db.SortStore(c.args[1], o.dst, o.SortOptions)
		r = integer(int64(n))
	} else {
		var list []store.Optional
		list, err = c.db.Sort(c.args[1], o.SortOptions)
		r = optionalsOr(list, nil)
	}
	switch {
	case errors.Is(err, store.ErrNotFloat):
		return failed("ERR One or more scores can't be converted into double")
	case err != nil:
		return failure(err)
	}
	return r
}

// sortKeys returns the places of the keys of SORT, of which only those that the patterns name
// can't be told (sortGetKeys in db.c).
func sortKeys(args []string) []int {
	places := []int{1}
	for i := 2; i < len(args); i++ {
		switch {
		case same(args[i], "limit"):
			i += 2
		case same(args[i], "get"), same(args[i], "by"):
			i++
		case same(args[i], "store") && i+1 < len(args):
			places = append(places[:1], i+1)
		}
	}
	return places
}

package resp

import (
	"errors"

	"github.com/alcovedb/alcove/store/internal/words"
)

// ErrQuotes is returned by [SplitArgs] where a quote is not closed, or is closed before
// anything but a space.
var ErrQuotes = errors.New("resp: unbalanced quotes")

// SplitArgs splits a line into arguments as Redis does with a command that is no array, and
// redis-cli with what is typed: at spaces, but for those in quotes. Between double quotes,
// \n, \r, \t, \b, \a and \xff stand for bytes, and a backslash before any other byte for that
// byte; between single ones, only \' does. What follows a NUL is not looked at.
func SplitArgs(line string) ([]string, error) {
	args, ok := words.Split(line)
	if !ok {
		return nil, ErrQuotes
	}
	return args, nil
}

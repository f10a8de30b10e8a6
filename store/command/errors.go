package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alcovedb/alcove/store"
)

// failed is an error reply of a text, with its code, such as "ERR syntax error".
func failed(text string) Reply { return Reply{Kind: Error, Str: text} }

// failedf is failed of a text that words may be in, which must not end the line, and of which C
// sees no more than what is before a NUL.
func failedf(format string, args ...any) Reply {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = cString(text)
		}
	}
	return failed(oneLine.Replace(fmt.Sprintf(format, args...)))
}

var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// Errors of Redis 7.0.15, to the letter, that are nobody's in particular.
var (
	errSyntax        = failed("ERR syntax error")
	errNotInteger    = failed("ERR value is not an integer or out of range")
	errNotFloat      = failed("ERR value is not a valid float")
	errOutOfRange    = failed("ERR value is out of range")
	errNotPositive   = failed("ERR value is out of range, must be positive")
	errWrongType     = failed("WRONGTYPE Operation against a key holding the wrong kind of value")
	errNoKey         = failed("ERR no such key")
	errIndex         = failed("ERR index out of range")
	errSameKey       = failed("ERR source and destination objects are the same")
	errNoAuth        = failed("NOAUTH Authentication required.")
	errExecAbort     = failed("EXECABORT Transaction discarded because of previous errors.")
	errNestedMulti   = failed("ERR MULTI calls can not be nested")
	errWatchInMulti  = failed("ERR WATCH inside MULTI is not allowed")
	errExecNoMulti   = failed("ERR EXEC without MULTI")
	errDiscardMulti  = failed("ERR DISCARD without MULTI")
	errNotInMulti    = failed("ERR Command not allowed inside a transaction")
	errInvalidDB     = failed("ERR DB index is out of range")
	errManyKeys      = failed("ERR Number of keys can't be greater than number of args")
	errCountAbove0   = failed("ERR COUNT must be > 0")
	errTimeoutInt    = failed("ERR timeout is not an integer or out of range")
	errTimeout       = failed("ERR timeout is not a float or out of range")
	errTimeoutBelow0 = failed("ERR timeout is negative")
	errMaxString     = failed("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
)

// texts of errors of package store; a command that has another text for one looks before it
// asks failure.
var errorTexts = []struct {
	err   error
	reply Reply
}{
	{store.ErrNotHLL, failed("WRONGTYPE Key is not a valid HyperLogLog string value.")}, // is an ErrWrongType, too
	{store.ErrWrongType, errWrongType},
	{store.ErrNotInteger, errNotInteger},
	{store.ErrNotFloat, errNotFloat},
	{store.ErrOverflow, failed("ERR increment or decrement would overflow")},
	{store.ErrNaN, failed("ERR increment would produce NaN or Infinity")},
	{store.ErrOffset, failed("ERR offset is out of range")},
	{store.ErrBitOffset, errBitOffset},
	{store.ErrIndex, errIndex},
	{store.ErrOutOfRange, errOutOfRange},
	{store.ErrTooLarge, errMaxString},
	{store.ErrInvalidOption, errSyntax},
	{store.ErrInvalidCursor, errInvalidCursor},
	{store.ErrSameKey, errSameKey},
	{store.ErrInvalidDB, errInvalidDB},
	{store.ErrNotFound, errNoKey},
	{store.ErrCorruptHLL, failed("INVALIDOBJ Corrupted HLL object detected")},
	{store.ErrStreamID, errStreamID},
	{store.ErrStreamIDZero, failed("ERR The ID specified in XADD must be greater than 0-0")},
	{store.ErrStreamIDOrder, failed("ERR The ID specified in XADD is equal or smaller than the target stream top item")},
	{store.ErrStreamFull, failed("ERR The stream has exhausted the last possible ID, unable to add more items")},
	{store.ErrBusyGroup, failed("BUSYGROUP Consumer Group name already exists")},
	{store.ErrNoGroup, failed("NOGROUP the consumer group this client was blocked on no longer exists")},
	{store.ErrNoStream, failed("UNBLOCKED the stream key no longer exists")},
	{store.ErrUnit, errUnit},
	{store.ErrInvalidDigest, failed("ERR must be exactly 16 hexadecimal characters")},
	{store.ErrBusyKey, errBusyKey},
	{store.ErrPayloadVersion, errPayloadVersion},
	{store.ErrBadPayload, failed("ERR Bad data format")},
	{store.ErrNoCenter, errNoMember},
}

// failure is the reply of an error of package store.
func failure(err error) Reply {
	for i := range errorTexts {
		if errors.Is(err, errorTexts[i].err) {
			return errorTexts[i].reply
		}
	}
	return failed("ERR " + strings.TrimPrefix(err.Error(), "store: "))
}

// replyOf is the reply of an error, which may be a reply already.
func replyOf(err error) Reply {
	var r *ReplyError
	if errors.As(err, &r) {
		return failed(r.Text)
	}
	return failure(err)
}

// replyError is an error reply as an error.
func replyError(r Reply) error { return &ReplyError{Text: r.Str} }

// wrongArity is the reply to a command with too few words or too many.
func wrongArity(cmd *Command) Reply {
	return failedf("ERR wrong number of arguments for '%s' command", cmd.FullName())
}

// unknown is the reply to a command that there is not. It shows at most 128 bytes of the name,
// and of the other words together.
func unknown(args []string) Reply {
	const most = 128
	var b strings.Builder
	for _, a := range args[1:] {
		if b.Len() >= most {
			break
		}
		fmt.Fprintf(&b, "'%s' ", cut(a, most-b.Len()))
	}
	return failedf("ERR unknown command '%s', with args beginning with: %s", cut(args[0], most), b.String())
}

// unknownSub is the reply to a subcommand that there is not.
func unknownSub(cmd *Command, name string) Reply {
	return failedf("ERR unknown subcommand '%s'. Try %s HELP.", cut(name, 128), strings.ToUpper(cmd.Name))
}

// cut is the first n bytes of text, as C sees it.
func cut(text string, n int) string {
	text = cString(text)
	return text[:min(len(text), n)]
}

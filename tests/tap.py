"""TAP for tests in Python: ok() for each check, done() at the end."""
failed = count = 0


def ok(good, name, detail=""):
    global failed, count
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name))
    if not good and detail:
        print("#   %s" % detail)


def done():
    print("1..%d" % count)
    raise SystemExit(failed != 0)

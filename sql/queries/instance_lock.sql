-- Registrations come one after the other, so that none disables an edge that another one is about to want. Signs of life wait meanwhile.
LOCK TABLE edgemirror.instance IN SHARE ROW EXCLUSIVE MODE

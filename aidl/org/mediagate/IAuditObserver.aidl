package org.mediagate;

import org.mediagate.AuditRecord;

/** Told of what the audit records. */
oneway interface IAuditObserver {
    /**
     * What was decided, oldest first. The first call, and on some transports one after a long silence, has no records: it
     * only finds out whether somebody hears.
     */
    void decided(in AuditRecord[] records);
}

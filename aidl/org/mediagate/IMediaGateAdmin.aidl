package org.mediagate;

import org.mediagate.Application;
import org.mediagate.AuditQuery;
import org.mediagate.AuditRecord;
import org.mediagate.Dump;
import org.mediagate.Explanation;
import org.mediagate.Grant;
import org.mediagate.NewGrant;
import org.mediagate.ScanReport;
import org.mediagate.Status;

/**
 * Administration of the media gate.
 *
 * Root, shell (2000), system (1000) and the daemon's own uid may call everything; any other uid may call only
 * `check`, about itself. Every failure is a ServiceSpecificException with one of ERROR_* and a text for a person.
 */
interface IMediaGateAdmin {
    /** The caller may not do this. */
    const int ERROR_REFUSED = 1;
    /** No such application, grant or file. */
    const int ERROR_NOT_FOUND = 2;
    /** An argument is not valid, such as the name of a permission. */
    const int ERROR_INVALID = 3;
    /** The daemon failed; its log has the cause. */
    const int ERROR_INTERNAL = 4;

    /** Every registered application, by name. */
    Application[] listApplications();

    /**
     * Registers applications or changes them, all of them or none. Permissions that are null and
     * a target SDK of 0 keep what is registered.
     *
     * @return how many were given
     */
    int setApplications(in Application[] applications);

    /** Removes an application; its entries lose their owner and its grants are gone. */
    void removeApplication(in @utf8InCpp String name);

    /** Grants a permission, such as `READ_MEDIA_IMAGES`; granting twice is no error. */
    void grantPermission(in @utf8InCpp String name, in @utf8InCpp String permission);

    /** Revokes a permission; revoking what is not granted is no error. */
    void revokePermission(in @utf8InCpp String name, in @utf8InCpp String permission);

    /** Grants an application access to one file. */
    Grant addGrant(in NewGrant request);

    /** Every grant that has not expired, oldest first. */
    Grant[] listGrants();

    /** Takes a grant back. */
    void revokeGrant(long id);

    /**
     * What would happen if `uid` did `operation` to `path` now: the verdict, the errno, the rule and, for an
     * administrator, every fact that was used and where it is known from. `to` is the new path of a `rename`, which is
     * answered as a whole, and null for everything else.
     */
    Explanation check(int uid, in @utf8InCpp String operation, in @utf8InCpp String path,
        in @nullable @utf8InCpp String to);

    /**
     * Indexes now and returns when it is done.
     *
     * @param path where to start; null is every volume
     * @param full also what has not changed since the last scan
     */
    ScanReport scan(in @nullable @utf8InCpp String path, boolean full);

    /** The daemon's state; `section` is nodes, handles, backings, apps, grants, counters or all. */
    Dump dumpState(in @utf8InCpp String section);

    /** What was decided, oldest first. */
    AuditRecord[] queryAudit(in AuditQuery query);

    /** The daemon and its volumes. */
    Status status();

    /** Asks the daemon to stop: it detaches its mounts and ends when the last open file is closed. */
    void stop();
}

package org.mediagate;

import org.mediagate.AccessRequest;
import org.mediagate.AppOp;
import org.mediagate.Application;
import org.mediagate.AuditQuery;
import org.mediagate.AuditRecord;
import org.mediagate.Dump;
import org.mediagate.Explanation;
import org.mediagate.Grant;
import org.mediagate.IAuditObserver;
import org.mediagate.MaintenanceReport;
import org.mediagate.NewGrant;
import org.mediagate.ScanProgress;
import org.mediagate.ScanReport;
import org.mediagate.SharingUsers;
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
    /** Only one can be done at a time, and another one is. */
    const int ERROR_BUSY = 5;
    /** The caller has too much under way, or open, at once. */
    const int ERROR_LIMIT = 6;
    /** Something is there already by that name. */
    const int ERROR_EXISTS = 7;
    /** The file system refused; the text has the errno. */
    const int ERROR_FILE_SYSTEM = 8;

    /** Every registered application, by name. */
    Application[] listApplications();

    /**
     * Registers applications or changes them, all of them or none. Permissions and app-ops that are null
     * and a target SDK of 0 keep what is registered.
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
     * Indexes now and returns when it is done. There is one scan at a time: ERROR_BUSY while another one runs. A scan
     * goes on when its caller is gone, until it is through, cancelScan is called or the daemon stops; the next one
     * reads nothing again that it recorded.
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

    /**
     * Sets an app-op of an application. A permission counts unless its app-op is denied; those of roles
     * (`MANAGE_EXTERNAL_STORAGE`, `WRITE_MEDIA_IMAGES`, `WRITE_MEDIA_VIDEO`, `LEGACY_STORAGE`) count by the
     * app-op alone if it is allowed.
     *
     * @param op the permission
     * @param mode `allow`, `ignore` or `deny` (the same), or `default`
     */
    void setAppOp(in @utf8InCpp String name, in @utf8InCpp String op, in @utf8InCpp String mode);

    /** The app-ops of an application that do not stand at their default. */
    AppOp[] listAppOps(in @utf8InCpp String name);

    /** Declares that two users share media, each the other's; declaring it twice is no error. */
    void shareUsers(int one, int other);

    /** Withdraws it; ERROR_NOT_FOUND where they do not share. */
    void unshareUsers(int one, int other);

    /** Every pair of users who share media. */
    SharingUsers[] listSharingUsers();

    /**
     * Removes pending and trashed files whose time has come, and gives those whose time came long ago more.
     *
     * @param now as if it were this time, in seconds since 1970; 0 is the clock's
     */
    MaintenanceReport maintain(long now);

    /** How far the running scan is, whoever began it; null when none runs. */
    @nullable ScanProgress scanProgress();

    /** Ends the running scan after the file that it is looking into; returns whether one ran. */
    boolean cancelScan();

    /** The requests of applications for access that wait for an answer, oldest first. */
    AccessRequest[] listRequests();

    /**
     * Answers a request: grants access to all of its files, or refuses it.
     *
     * @param seconds how long the grants hold; 0 is until they are revoked
     */
    void answerRequest(long id, boolean granted, long seconds);

    /**
     * Has the observer told of what the audit records from now on, or after the number that the query names, and the query
     * lets through; its limit is of no account. One that is slow misses nothing that the audit still keeps. It ends with
     * endAuditObserver, and with the observer's process or session. ERROR_LIMIT for more than 8 of one uid or 16 of all;
     * ERROR_INVALID for an observer that cannot be called.
     *
     * @return the observer's number
     */
    long observeAudit(in IAuditObserver observer, in AuditQuery query);

    /** Ends an observer of the audit that the caller began. */
    void endAuditObserver(long id);
}
